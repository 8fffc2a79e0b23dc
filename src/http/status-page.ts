import type { CameraView, StatusView } from './status-view.js';

/** Seconds between two loads of the page. */
const REFRESH_SEC = 10;

// Under 40 em the table becomes a list of cards: each cell then says its own heading.
const STYLE = `
:root { color-scheme: light dark; }
body { font: 16px/1.4 system-ui, sans-serif; margin: 1rem auto; max-width: 72rem; padding: 0 .75rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .5rem; border-bottom: 1px solid #8884; overflow-wrap: anywhere; }
.id { white-space: nowrap; }
.good { border-left: .4rem solid #2a7; } :is(.waiting, .unstable) { border-left: .4rem solid #d90; }
.bad { border-left: .4rem solid #d33; } .off { border-left: .4rem solid #888; }
.notice { border: 1px solid #d33; padding: .5rem; } .todo, .place { display: block; opacity: .8; }
@media (max-width: 40em) {
  .id { white-space: normal; } thead { display: none; } tr, td { display: block; } tr { margin-bottom: 1rem; border: 1px solid #8884; }
  td[data-head]::before { content: attr(data-head) ": "; font-weight: 600; }
}`;

/** One page, whole in itself: no script, nothing loaded from elsewhere. */
export function statusPage(view: StatusView): string {
  const notices = view.notices.map((notice) => `<p class="notice">${escapeHtml(notice)}</p>`);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="${REFRESH_SEC}"><title>${escapeHtml(view.headline)}</title><style>${STYLE}</style></head>
<body><h1>${escapeHtml(view.headline)}</h1>
<p>${escapeHtml(view.now)}${view.webUiUrl === null ? '' : ` · ${link(view.webUiUrl, 'Temporal Web UI')}`}</p>
${notices.join('\n')}
<table><thead><tr><th>Camera</th><th>State</th><th>Last frame</th><th>Gaps today</th><th>Waiting uploads</th></tr></thead>
<tbody>
${view.cameras.map(row).join('\n')}
</tbody></table>
<p>${escapeHtml(view.spool)}</p>
<p>${escapeHtml(view.bucket)}</p>
<p><a href="/metrics">metrics</a> · <a href="/ready">ready</a> · <a href="/status.json">JSON</a></p></body></html>
`;
}

/** Safe between tags and inside double quotes. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

function row(camera: CameraView): string {
  const id = `<span class="id">${escapeHtml(camera.id)}</span>`;
  const name = camera.name === camera.id ? id : `${escapeHtml(camera.name)} (${id})`;
  const label = camera.webUiUrl === null ? name : `<a href="${escapeHtml(camera.webUiUrl)}">${name}</a>`;
  const place = camera.place === '' ? '' : `<span class="place">${escapeHtml(camera.place)}</span>`;
  const todo = camera.todo === null ? '' : `<span class="todo">${escapeHtml(camera.todo)}</span>`;
  return `<tr class="${camera.level}"><td><strong>${label}</strong>${place}</td><td>${escapeHtml(camera.state)}${todo}</td>${[
    cell('Last frame', camera.lastFrame),
    cell('Gaps today', camera.gapsToday),
    cell('Waiting uploads', camera.waitingUploads),
  ].join('')}</tr>`;
}

function cell(head: string, text: string): string {
  return `<td data-head="${head}">${escapeHtml(text)}</td>`;
}

function link(url: string, text: string): string {
  return `<a href="${escapeHtml(url)}">${escapeHtml(text)}</a>`;
}
