/** What goes before each RTP or RTCP packet on a shared TCP connection (RFC 2326, 10.12). */
const INTERLEAVE_BYTES = 4;
const RTP_HEADER_BYTES = 12;
/** What a camera on Ethernet sends: fits 1500 bytes with every header. */
const MAX_PAYLOAD_BYTES = 1_400;
const FU_A = 28;
const DOLLAR = 0x24;
/** Seconds from 1900 (NTP) to 1970. */
const NTP_EPOCH_SEC = 2_208_988_800;

/** One direction of one medium: numbers its packets and counts them for the sender reports. */
export interface RtpTrack {
  readonly payloadType: number;
  readonly clockRateHz: number;
  readonly ssrc: number;
  /** RTP time of media time 0; a time stamp jump changes it. */
  offsetTicks: number;
  nextSequence: number;
  packets: number;
  octets: number;
}

/** Sequence number, time stamp and source begin anywhere (RFC 3550, 5.1); with the same `random` they begin at the same place. */
export function createRtpTrack(options: {
  readonly payloadType: number;
  readonly clockRateHz: number;
  readonly random: () => number;
}): RtpTrack {
  const uint32 = () => Math.floor(options.random() * 0x1_0000_0000);
  return {
    payloadType: options.payloadType,
    clockRateHz: options.clockRateHz,
    ssrc: uint32(),
    offsetTicks: uint32(),
    nextSequence: uint32() & 0xffff,
    packets: 0,
    octets: 0,
  };
}

/** Media time of the track's own clock to the 32 bits on the wire. */
export function wireTicks(track: RtpTrack, mediaTicks: number): number {
  return (track.offsetTicks + mediaTicks) % 0x1_0000_0000;
}

/** All packets of one picture behind each other, ready to be written to channel 0; the last one has the marker (RFC 6184). */
export function packVideo(track: RtpTrack, nals: readonly Uint8Array[], mediaTicks: number): Buffer {
  const payloads = nals.flatMap(payloadsOf);
  return pack(track, payloads, mediaTicks, true);
}

/** One packet, ready to be written to channel 0. */
export function packAudio(track: RtpTrack, samples: Uint8Array, mediaTicks: number): Buffer {
  return pack(track, [{ header: EMPTY, body: samples }], mediaTicks, false);
}

/** An RTCP sender report with source description for channel 1: at `atMs` the track's clock showed `mediaTicks`. */
export function packSenderReport(track: RtpTrack, atMs: number, mediaTicks: number): Buffer {
  const name = Buffer.from('camera', 'latin1');
  const sdesWords = Math.ceil((4 + 2 + name.length + 1) / 4);
  const report = Buffer.alloc(INTERLEAVE_BYTES + 28 + 4 + sdesWords * 4);
  writeInterleave(report, 0, 1, report.length - INTERLEAVE_BYTES);
  report.writeUInt32BE(0x80c8_0006, 4);
  report.writeUInt32BE(track.ssrc, 8);
  report.writeUInt32BE(Math.floor(atMs / 1_000) + NTP_EPOCH_SEC, 12);
  report.writeUInt32BE(Math.floor(((atMs % 1_000) / 1_000) * 0x1_0000_0000), 16);
  report.writeUInt32BE(wireTicks(track, Math.round(mediaTicks)), 20);
  report.writeUInt32BE(track.packets % 0x1_0000_0000, 24);
  report.writeUInt32BE(track.octets % 0x1_0000_0000, 28);
  report.writeUInt32BE(0x81ca_0000 + sdesWords, 32);
  report.writeUInt32BE(track.ssrc, 36);
  report.writeUInt8(1, 40);
  report.writeUInt8(name.length, 41);
  name.copy(report, 42);
  return report;
}

/** The same packets for a client that chose another channel than 0 (or 1, for reports). */
export function moveToChannel(packets: Buffer, channel: number): Buffer {
  if (packets[1] === channel) return packets;
  const moved = Buffer.from(packets);
  for (let at = 0; at < moved.length; at += INTERLEAVE_BYTES + moved.readUInt16BE(at + 2)) moved[at + 1] = channel;
  return moved;
}

interface Payload {
  /** Empty, or the two bytes of a fragmentation unit. */
  readonly header: Uint8Array;
  readonly body: Uint8Array;
}

const EMPTY = new Uint8Array(0);

function payloadsOf(nal: Uint8Array): readonly Payload[] {
  if (nal.length <= MAX_PAYLOAD_BYTES) return [{ header: EMPTY, body: nal }];
  const first = nal[0] ?? 0;
  const payloads: Payload[] = [];
  for (let from = 1; from < nal.length; from += MAX_PAYLOAD_BYTES - 2) {
    const to = Math.min(nal.length, from + MAX_PAYLOAD_BYTES - 2);
    const flags = (from === 1 ? 0x80 : 0) | (to === nal.length ? 0x40 : 0);
    const header = Uint8Array.of((first & 0xe0) | FU_A, flags | (first & 0x1f));
    payloads.push({ header, body: nal.subarray(from, to) });
  }
  return payloads;
}

function pack(track: RtpTrack, payloads: readonly Payload[], mediaTicks: number, hasMarker: boolean): Buffer {
  const overhead = INTERLEAVE_BYTES + RTP_HEADER_BYTES;
  const payloadBytes = payloads.reduce((sum, { header, body }) => sum + header.length + body.length, 0);
  const packets = Buffer.allocUnsafe(payloadBytes + payloads.length * overhead);
  const ticks = wireTicks(track, mediaTicks);
  let at = 0;
  for (const [index, { header, body }] of payloads.entries()) {
    const sizeBytes = header.length + body.length;
    writeInterleave(packets, at, 0, RTP_HEADER_BYTES + sizeBytes);
    packets[at + 4] = 0x80;
    packets[at + 5] = track.payloadType | (hasMarker && index === payloads.length - 1 ? 0x80 : 0);
    packets.writeUInt16BE(track.nextSequence, at + 6);
    packets.writeUInt32BE(ticks, at + 8);
    packets.writeUInt32BE(track.ssrc, at + 12);
    packets.set(header, at + overhead);
    packets.set(body, at + overhead + header.length);
    track.nextSequence = (track.nextSequence + 1) & 0xffff;
    at += overhead + sizeBytes;
  }
  track.packets += payloads.length;
  track.octets += payloadBytes;
  return packets;
}

function writeInterleave(packets: Buffer, at: number, channel: number, sizeBytes: number): void {
  packets[at] = DOLLAR;
  packets[at + 1] = channel;
  packets.writeUInt16BE(sizeBytes, at + 2);
}
