import { type CameraSpec, isSameSource } from '../domain/camera.js';
import type { CameraId } from '../domain/ids.js';
import { RECONFIGURE_UPDATE } from '../workflows/contract.js';

/**
 * What to tell of a camera that is recorded otherwise than it is configured, or null. Configuration only creates cameras: what is
 * changed there later changes none, and somebody who changed it must be told. Pure.
 */
export function otherSettings(camera: CameraId, recorded: CameraSpec, configured: CameraSpec): string | null {
  const changed = Object.entries(differenceOf(recorded, configured));
  if (changed.length === 0) return null;
  const now = changed.map(([key]) => `${key} ${wordOf(recorded, key)}, not ${wordOf(configured, key)}`);
  const input = JSON.stringify(Object.fromEntries(changed)).replaceAll("'", `'\\''`);
  return (
    `It is recorded with other settings than are configured (${now.join('; ')}), which only a reconfigure changes: ` +
    `temporal workflow update execute --workflow-id ${camera} --name ${RECONFIGURE_UPDATE} --input '${input}'`
  );
}

function differenceOf(recorded: CameraSpec, configured: CameraSpec): Partial<CameraSpec> {
  const { source, ...rest } = configured;
  const others = new Map<string, unknown>(Object.entries(recorded));
  const changed = Object.entries(rest).filter(([key, value]) => others.get(key) !== value);
  return { ...(isSameSource(recorded, configured) ? {} : { source }), ...Object.fromEntries(changed) };
}

function wordOf(spec: CameraSpec, key: string): string {
  if (key === 'source') return spec.source.kind === 'secret' ? `secret ${spec.source.name}` : spec.source.rtspUrl;
  return String(new Map<string, unknown>(Object.entries(spec)).get(key));
}
