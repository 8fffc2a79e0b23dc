import type { CameraView, StatusView } from '../http/status-view.js';

/** The page as text, for a terminal: the same words in the same order. */
export function statusText(view: StatusView): string {
  const lines = [
    view.headline,
    view.now,
    ...view.notices.map((notice) => `! ${notice}`),
    '',
    ...view.cameras.flatMap(cameraLines),
    view.spool,
    view.bucket,
    ...(view.webUiUrl === null ? [] : [`Temporal Web UI: ${view.webUiUrl}`]),
  ];
  return `${lines.join('\n')}\n`;
}

function cameraLines(camera: CameraView): readonly string[] {
  const name = camera.name === camera.id ? camera.id : `${camera.name} (${camera.id})`;
  const place = camera.place === '' ? '' : `, ${camera.place}`;
  return [
    `${name}${place}`,
    `  ${camera.state}`,
    ...(camera.todo === null ? [] : [`  ${camera.todo}`]),
    `  last frame: ${camera.lastFrame}; gaps today: ${camera.gapsToday}; waiting uploads: ${camera.waitingUploads}`,
    ...(camera.webUiUrl === null ? [] : [`  ${camera.webUiUrl}`]),
    '',
  ];
}
