import type { Picture } from './picture.js';

/** The session description of a Tapo C220, with the parameter sets of `picture`. */
export function describeSession(picture: Picture, hasAudio: boolean): string {
  const profile = picture.sps.subarray(1, 4).toString('hex');
  const parameterSets = `${picture.sps.toString('base64')},${picture.pps.toString('base64')}`;
  const lines = [
    'v=0',
    'o=- 14665860 31787219 1 IN IP4 127.0.0.1',
    's=Session streamed by "TP-LINK RTSP Server"',
    't=0 0',
    'm=video 0 RTP/AVP 96',
    'c=IN IP4 0.0.0.0',
    'b=AS:4096',
    'a=range:npt=0-',
    'a=control:track1',
    'a=rtpmap:96 H264/90000',
    `a=fmtp:96 packetization-mode=1; profile-level-id=${profile}; sprop-parameter-sets=${parameterSets}`,
  ];
  const audioLines = ['m=audio 0 RTP/AVP 8', 'a=rtpmap:8 PCMA/8000', 'a=control:track2'];
  return `${[...lines, ...(hasAudio ? audioLines : [])].join('\r\n')}\r\n`;
}
