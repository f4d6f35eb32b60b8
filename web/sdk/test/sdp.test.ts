import { describe, expect, it } from "vitest";
import { trimOffer } from "../src/sdp.ts";

const audio = `m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 126
c=IN IP4 0.0.0.0
a=mid:0
a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level
a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid
a=extmap:9 urn:example:unknown
a=sendonly
a=rtpmap:111 opus/48000/2
a=rtcp-fb:111 transport-cc
a=fmtp:111 minptime=10;useinbandfec=1
a=rtpmap:63 red/48000/2
a=fmtp:63 111/111
a=rtpmap:9 G722/8000
a=rtpmap:0 PCMU/8000
a=rtpmap:126 telephone-event/8000
a=ssrc:1 cname:x
`;

const video = (
  direction: string,
) => `m=video 9 UDP/TLS/RTP/SAVPF 96 97 98 99 100 101 102 103 104 105 45 46 114
c=IN IP4 0.0.0.0
a=mid:1
a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid
a=extmap:13/sendonly urn:3gpp:video-orientation
a=${direction}
a=rtpmap:96 VP8/90000
a=rtcp-fb:96 goog-remb
a=rtcp-fb:96 transport-cc
a=rtcp-fb:96 nack pli
a=rtpmap:97 rtx/90000
a=fmtp:97 apt=96
a=rtpmap:98 VP9/90000
a=fmtp:98 profile-id=0
a=rtpmap:99 rtx/90000
a=fmtp:99 apt=98
a=rtpmap:100 VP9/90000
a=fmtp:100 profile-id=2
a=rtpmap:101 rtx/90000
a=fmtp:101 apt=100
a=rtpmap:102 H264/90000
a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f
a=rtpmap:103 rtx/90000
a=fmtp:103 apt=102
a=rtpmap:104 H264/90000
a=fmtp:104 level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42e01f
a=rtpmap:105 rtx/90000
a=fmtp:105 apt=104
a=rtpmap:45 AV1/90000
a=fmtp:45 level-idx=5;profile=0;tier=0
a=rtpmap:46 rtx/90000
a=fmtp:46 apt=45
a=rtpmap:114 ulpfec/90000
`;

const session = "v=0\no=- 1 2 IN IP4 127.0.0.1\ns=-\nt=0 0\na=group:BUNDLE 0 1\na=extmap-allow-mixed\n";
const crlf = (s: string) => s.replaceAll("\n", "\r\n");
const offer = crlf(session + audio + video("sendonly") + video("recvonly"));

const sections = (sdp: string) => sdp.split(/(?=^m=)/m);

describe("trimOffer", () => {
  it("keeps the codecs that Kinwire forwards, each with its repair, in their order", () => {
    const [, a, v] = sections(trimOffer(offer));
    expect(a).toMatch(/^m=audio 9 UDP\/TLS\/RTP\/SAVPF 111\r\n/);
    expect(v).toMatch(/^m=video 9 UDP\/TLS\/RTP\/SAVPF 96 97 98 99 102 103 45 46\r\n/);
    expect(v).not.toMatch(/profile-id=2|packetization-mode=0|ulpfec|apt=100|apt=104/);
  });

  it("drops extensions and feedback that nobody uses, and nothing else", () => {
    const [head, a, v] = sections(trimOffer(offer));
    expect(head).toBe(crlf(session));
    expect(a).not.toContain("urn:example:unknown");
    expect(a).toContain("a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n");
    expect(a).toContain("a=ssrc:1 cname:x\r\n");
    expect(v).not.toMatch(/goog-remb|video-orientation/);
    expect(v).toContain("a=rtcp-fb:96 nack pli\r\n");
    expect(v).toContain("a=rtcp-fb:96 transport-cc\r\n");
  });

  it("offers one codec for sending and still all for receiving", () => {
    const [, a, send, recv] = sections(trimOffer(offer, { sendCodec: "vp9" }));
    expect(a).toContain("opus");
    expect(send).toMatch(/SAVPF 98 99\r\n/);
    expect(recv).toMatch(/SAVPF 96 97 98 99 102 103 45 46\r\n/);
  });

  it("leaves a section in which it knows nothing", () => {
    const odd = crlf(session + "m=video 9 UDP/TLS/RTP/SAVPF 120\na=recvonly\na=rtpmap:120 H266/90000\n");
    expect(trimOffer(odd)).toBe(odd);
  });
});
