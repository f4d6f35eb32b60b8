import { KinwireError } from "./errors.ts";

/** The camera's picture by default: small enough for any phone, and what a tile of a family call shows. */
export const CAMERA_SMALL: MediaTrackConstraints = {
  width: { ideal: 640 },
  height: { ideal: 360 },
  frameRate: { ideal: 30, max: 30 },
};

/** The camera's picture when there is bandwidth to spare. */
export const CAMERA_LARGE: MediaTrackConstraints = {
  width: { ideal: 1280 },
  height: { ideal: 720 },
  frameRate: { ideal: 30, max: 30 },
};

const MICROPHONE: MediaTrackConstraints = {
  echoCancellation: true,
  noiseSuppression: true,
  autoGainControl: true,
};

/** What was captured, and what could not be. */
export interface Captured {
  audio: MediaStreamTrack | null;
  video: MediaStreamTrack | null;
  /** Why something that was asked for is missing. */
  problem: KinwireError | null;
}

/**
 * Opens the microphone and, if video is true, the camera. A missing camera does not keep the voice from
 * being heard, and the other way round: what is there is used, and problem says what is not.
 */
export async function captureLocal(video: boolean, devices?: MediaDevices): Promise<Captured> {
  const wanted = { audio: MICROPHONE, ...(video && { video: CAMERA_SMALL }) };
  try {
    devices ??= mediaDevices();
    return split(await devices.getUserMedia(wanted), null);
  } catch (first) {
    const problem = captureError(first);
    if (!video || !devices) return { audio: null, video: null, problem };
    for (const part of [{ audio: MICROPHONE }, { video: CAMERA_SMALL }]) {
      try {
        return split(await devices.getUserMedia(part), problem);
      } catch {
        // The other part may still work; the first problem is the one to tell.
      }
    }
    return { audio: null, video: null, problem };
  }
}

/** Opens one camera or microphone: deviceId, or the browser's choice. */
export async function captureOne(
  kind: "audio" | "video",
  deviceId?: string,
  devices: MediaDevices = mediaDevices(),
): Promise<MediaStreamTrack> {
  const base = kind === "audio" ? MICROPHONE : CAMERA_SMALL;
  const constraints = deviceId ? { ...base, deviceId: { exact: deviceId } } : base;
  try {
    const stream = await devices.getUserMedia({ [kind]: constraints });
    return stream.getTracks()[0]!;
  } catch (e) {
    throw captureError(e);
  }
}

/** Lets the person choose a screen, window or tab to share. */
export async function captureScreen(devices: MediaDevices = mediaDevices()): Promise<MediaStreamTrack> {
  try {
    const stream = await devices.getDisplayMedia({ video: { frameRate: { max: 15 } }, audio: false });
    const track = stream.getVideoTracks()[0]!;
    track.contentHint = "detail";
    return track;
  } catch (e) {
    throw captureError(e);
  }
}

function mediaDevices(): MediaDevices {
  // Absent on pages that are neither https nor localhost.
  if (!navigator.mediaDevices) {
    throw new KinwireError("no_permission", "camera and microphone need a page on https or on localhost");
  }
  return navigator.mediaDevices;
}

function split(stream: MediaStream, problem: KinwireError | null): Captured {
  const audio = stream.getAudioTracks()[0] ?? null;
  const video = stream.getVideoTracks()[0] ?? null;
  if (video) video.contentHint = "motion";
  return { audio, video, problem };
}

function captureError(e: unknown): KinwireError {
  if (e instanceof KinwireError) return e;
  const name = e instanceof DOMException ? e.name : "";
  const message = e instanceof Error ? e.message : String(e);
  const code = name === "NotAllowedError" || name === "SecurityError" ? "no_permission" : "no_device";
  return new KinwireError(code, message || name, { cause: e });
}
