import { KinwireError } from "@kinwire/sdk";
import { cleanGIF, sizeOfGIF } from "./gif.ts";

/** The longest side of a photo that is sent, and of the small one within the message. */
const LARGE = 1600;
const SMALL = 240;

/** The small picture is a part of the message, which has to fit into one body with everything else. */
const SMALL_BYTES = 14_000;

/** A picture that can be sent: drawn anew, so nothing of the file is left but what is seen. */
export interface Picture {
  blob: Blob;
  width: number;
  height: number;
  /** A small JPEG of it. */
  thumb: Uint8Array<ArrayBuffer>;
}

/** How large a picture of w×h is where neither side may be longer than most; nothing is blown up. */
export function fit(w: number, h: number, most: number): { width: number; height: number } {
  const by = Math.min(1, most / Math.max(w, h, 1));
  return { width: Math.max(1, Math.round(w * by)), height: Math.max(1, Math.round(h * by)) };
}

/**
 * Makes a file from a camera or a folder fit to be sent. A GIF keeps its movement and loses everything that
 * is not its picture; any other picture is decoded, turned as the camera was held, and drawn anew, smaller:
 * where and with what it was taken is gone. Fails with bad_message where the browser cannot read it.
 */
export async function prepare(file: Blob): Promise<Picture> {
  if (file.type === "image/gif") return prepareGIF(file);
  const bitmap = await decode(file);
  try {
    return await fromSource(bitmap, bitmap.width, bitmap.height);
  } finally {
    bitmap.close();
  }
}

/** A picture from what is drawn anywhere: a decoded file, or a camera's video. */
export async function fromSource(source: CanvasImageSource, w: number, h: number): Promise<Picture> {
  const size = fit(w, h, LARGE);
  const blob = await jpeg(source, size, 0.85);
  return { blob, ...size, thumb: await thumbOf(source, w, h) };
}

/** A small JPEG, as good as fits. */
export async function thumbOf(
  source: CanvasImageSource,
  w: number,
  h: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const steps: [side: number, quality: number][] = [
    [SMALL, 0.7],
    [SMALL, 0.45],
    [SMALL / 2, 0.5],
    [SMALL / 4, 0.4],
  ];
  let last: Blob | undefined;
  for (const [side, quality] of steps) {
    last = await jpeg(source, fit(w, h, side), quality);
    if (last.size <= SMALL_BYTES) break;
  }
  return new Uint8Array(await last!.arrayBuffer());
}

async function prepareGIF(file: Blob): Promise<Picture> {
  const bytes = cleanGIF(new Uint8Array(await file.arrayBuffer()));
  if (!bytes) throw new KinwireError("bad_message", "this is no GIF, or only a part of one");
  const bitmap = await decode(file);
  try {
    const thumb = await thumbOf(bitmap, bitmap.width, bitmap.height);
    return { blob: new Blob([bytes], { type: "image/gif" }), ...sizeOfGIF(bytes), thumb };
  } finally {
    bitmap.close();
  }
}

async function decode(file: Blob): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    throw new KinwireError("bad_message", "this browser cannot read this picture");
  }
}

/** Drawn on white: JPEG knows nothing of what is see-through. */
function jpeg(
  source: CanvasImageSource,
  size: { width: number; height: number },
  quality: number,
): Promise<Blob> {
  const canvas = document.createElement("canvas");
  canvas.width = size.width;
  canvas.height = size.height;
  const context = canvas.getContext("2d");
  if (!context) throw new KinwireError("bad_message", "this browser cannot draw pictures");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, size.width, size.height);
  context.imageSmoothingQuality = "high";
  context.drawImage(source, 0, 0, size.width, size.height);
  return new Promise((resolve, reject) =>
    canvas.toBlob(
      (blob) =>
        blob ? resolve(blob) : reject(new KinwireError("bad_message", "the picture could not be drawn")),
      "image/jpeg",
      quality,
    ),
  );
}
