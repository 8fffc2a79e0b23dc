/**
 * `camera-recorder`: which verb is meant, and nothing else. What a verb needs is imported when it is run:
 * `worker` becomes the keeper, which stays small.
 */
import { Command, Option } from 'commander';
import { EXIT_BAD_CONFIG } from '../keeper/protocol.js';
import { ROLES, type Role } from './roles.js';
import { readVersion } from './version.js';

const RECORDER_LOST_HELP = `
Prints what it will declare, and asks. Then:
  the time of every segment that the recorder announced and did not store becomes a gap with the cause recorder-lost;
  the uploads that wait for it end as failed, with that reason;
  cameras that it still had are declared missing until now; another recorder takes each as soon as one can.
Refused while the recorder is alive. Doing it again does no harm. If the recorder comes back with its spool,
it uploads what it has all the same, and footage beats the gap.`;

const DRAIN_HELP = `
A recorder that has the spool is stopped as by SIGTERM; what starts it again must be stopped by you, before.
Prints what is left as it goes, and tries again for as long as the store is away. Ctrl-C leaves the rest as it is.
It needs no Temporal. Nothing is deleted: the recorder does that, once the store has confirmed it again.`;

interface CoverageFlags {
  readonly json?: boolean;
  readonly utc?: boolean;
  readonly check?: boolean;
  readonly rebuild?: boolean;
}

interface HoldFlags {
  readonly reason: string;
  readonly utc?: boolean;
}

const EXPORT_HELP = `
Cut at keyframes, never less than asked: from the last one at or before <from> to the first one at or after <to>.
Recordings are joined as they are, every frame once. Time that is missing is left out and told, with its cause;
a track of subtitles shows the wall clock. Where the picture's size or encoding changes, another file begins (-2).
Exit code 0: written, also when time is missing; 1: nothing was.`;

interface ExportFlags {
  readonly links?: boolean;
  readonly valid: string;
  readonly output?: string;
  readonly bundle?: string;
  readonly reason?: string;
  readonly utc?: boolean;
}

const program = new Command('camera-recorder')
  .description('Records RTSP cameras into your own S3 store: every second is a verified object or a declared gap.')
  .version(readVersion())
  .option('--config <file>', 'settings in TOML; default: config.toml in this directory, if there is one')
  .showHelpAfterError();

const configPath = (): string | undefined => program.opts<{ readonly config?: string }>().config;

program
  .command('start')
  .description('run everything that was not given: Temporal, a store, two simulated cameras, and the recorder')
  .action(async () => {
    const { startCommand } = await import('./start-command.js');
    await finish(startCommand({ configPath: configPath() }));
  });

program
  .command('worker')
  .description('run the recorder (or one part of it) with the given Temporal, store and cameras')
  .addOption(new Option('--role <role>', 'what this process does').choices(ROLES).default('all'))
  .action(async ({ role }: { readonly role: Role }) => {
    const { workerCommand } = await import('./worker-command.js');
    await finish(workerCommand({ role, configPath: configPath() }));
  });

program
  .command('status')
  .description('print what the status page says')
  .option('--json', 'as JSON')
  .option('--url <url>', 'the page; default: http://127.0.0.1 at METRICS_PORT')
  .action(async (options: { readonly json?: boolean; readonly url?: string }) => {
    const { statusCommand } = await import('./status-command.js');
    await finish(statusCommand({ isJson: options.json === true, url: options.url, configPath: configPath() }));
  });

program
  .command('coverage')
  .description('print what there is of a camera, from the bucket alone; exit code 1 if a second is unexplained')
  .argument('<camera>', 'like camera-1')
  .argument('<when>', 'today, yesterday, 2026-11-25, or 2026-11-25T14:00..2026-11-25T15:30')
  .option('--json', 'as JSON')
  .option('--utc', 'days and times of UTC; default: of SITE_TIMEZONE')
  .option('--check', 'also compare the record of each day of UTC with the bucket; exit code 1 if they disagree')
  .option('--rebuild', 'instead: make the records of these days of UTC anew, from what the bucket holds')
  .action(async (camera: string, when: string, options: CoverageFlags) => {
    if (options.rebuild === true) {
      const { rebuildCommand } = await import('./day-records-command.js');
      await finish(rebuildCommand({ camera, when, configPath: configPath() }));
      return;
    }
    const { coverageCommand } = await import('./coverage-command.js');
    const { json = false, utc = false, check = false } = options;
    const flags = { isJson: json, isUtc: utc, isChecked: check };
    await finish(coverageCommand({ camera, when, ...flags, configPath: configPath() }));
  });

program
  .command('export')
  .description('write a camera’s footage of a time as an MP4 file, from the bucket, without encoding it anew')
  .argument('<camera>', 'like camera-1')
  .argument('<from>', 'like 2026-11-25T14:00')
  .argument('<to>', 'like 2026-11-25T15:30')
  .option('-o, --output <file>', 'the MP4; what is there already is not overwritten')
  .option('--bundle <folder>', 'instead: a folder with the originals, the MP4, a manifest and SHA256SUMS')
  .option('--links', 'instead: print a link to each object of that time; the id of the access key is part of it')
  .option('--valid <hours>', 'how long the links are good, at most 168', '24')
  .option('--reason <text>', 'why; it goes into the manifest of the bundle')
  .option('--utc', 'times of UTC, also in the subtitles; default: of SITE_TIMEZONE')
  .addHelpText('after', EXPORT_HELP)
  .action(async (camera: string, from: string, to: string, options: ExportFlags) => {
    if (options.links === true) {
      const { linksCommand } = await import('./links-command.js');
      const { valid, utc: isUtc = false, output, bundle, reason } = options;
      const isFileAsked = (output ?? bundle ?? reason) !== undefined;
      await finish(linksCommand({ camera, from, to, valid, isFileAsked, isUtc, configPath: configPath() }));
      return;
    }
    const { exportCommand } = await import('./export-command.js');
    const { output, bundle, reason, utc = false } = options;
    const target = { output, bundle, reason };
    await finish(exportCommand({ camera, from, to, ...target, isUtc: utc, configPath: configPath() }));
  });

program
  .command('open')
  .description('print a link to a moment of a camera; exit code 1 if there is no footage of it')
  .argument('<camera>', 'like camera-1')
  .argument('<when>', 'like 2026-11-25T14:32, "yesterday 14:32" or "today 14:32"')
  .option('--valid <hours>', 'how long the link is good, at most 168', '24')
  .option('--utc', 'a time of UTC; default: of SITE_TIMEZONE')
  .addHelpText(
    'after',
    '\nWhoever has the link can read that object. The id of the access key is part of it, the secret is not.',
  )
  .action(async (camera: string, when: string, options: { readonly valid: string; readonly utc?: boolean }) => {
    const { openCommand } = await import('./open-command.js');
    const { valid, utc = false } = options;
    await finish(openCommand({ camera, when, valid, isUtc: utc, configPath: configPath() }));
  });

program
  .command('report')
  .description('print how much of a time there is of every camera; exit code 1 if a second is unexplained')
  .argument('<when>', 'today, yesterday, 2026-11-25, or 2026-11-01..2026-12-01')
  .option('--json', 'as JSON')
  .option('--utc', 'days and times of UTC; default: of SITE_TIMEZONE')
  .action(async (when: string, options: { readonly json?: boolean; readonly utc?: boolean }) => {
    const { reportCommand } = await import('./report-command.js');
    const { json = false, utc = false } = options;
    await finish(reportCommand({ when, isJson: json, isUtc: utc, configPath: configPath() }));
  });

program
  .command('hold')
  .description('keep a camera’s footage of a time, whatever retention says, until it is released')
  .argument('<camera>', 'like camera-1')
  .argument('<from>', 'like 2026-11-25T14:00')
  .argument('<to>', 'like 2026-11-25T15:30')
  .requiredOption('--reason <text>', 'why; it is kept with the hold')
  .option('--utc', 'times of UTC; default: of SITE_TIMEZONE')
  .action(async (camera: string, from: string, to: string, options: HoldFlags) => {
    const { holdCommand } = await import('./hold-command.js');
    const { reason, utc = false } = options;
    await finish(holdCommand({ camera, from, to, reason, isUtc: utc, configPath: configPath() }));
  });

program
  .command('holds')
  .description('list what is held, and what was released; exit code 1 if nothing is held')
  .argument('[camera]', 'only of this one')
  .option('--utc', 'times of UTC; default: of SITE_TIMEZONE')
  .action(async (camera: string | undefined, options: { readonly utc?: boolean }) => {
    const { holdsCommand } = await import('./hold-command.js');
    await finish(holdsCommand({ camera, isUtc: options.utc === true, configPath: configPath() }));
  });

program
  .command('release')
  .description('let retention delete again what a hold kept')
  .argument('<hold-id>', 'as holds prints it')
  .option('--utc', 'times of UTC; default: of SITE_TIMEZONE')
  .action(async (id: string, options: { readonly utc?: boolean }) => {
    const { releaseCommand } = await import('./hold-command.js');
    await finish(releaseCommand({ id, isUtc: options.utc === true, configPath: configPath() }));
  });

program
  .command('drain')
  .description('end the recording into a spool and upload all that is in it; exit code 0 when nothing is left to send')
  .argument('[spool]', 'its folder, also of a recorder that is gone; default: TEMP_DIR')
  .addHelpText('after', DRAIN_HELP)
  .action(async (spoolDir: string | undefined) => {
    const { drainCommand } = await import('./drain-command.js');
    await finish(drainCommand({ spoolDir, configPath: configPath() }));
  });

program
  .command('recorder-lost')
  .description('end the wait for a recorder that is gone for good: what it did not upload becomes a declared gap')
  .argument('<recorder-id>', 'as in the file recorder-id of its spool, and in the search attribute Recorder')
  .option('--yes', 'do not ask')
  .option('--utc', 'times of UTC; default: of SITE_TIMEZONE')
  .addHelpText('after', RECORDER_LOST_HELP)
  .action(async (recorder: string, options: { readonly yes?: boolean; readonly utc?: boolean }) => {
    const { recorderLostCommand } = await import('./recorder-lost-command.js');
    const { yes = false, utc = false } = options;
    await finish(recorderLostCommand({ recorder, isConfirmed: yes, isUtc: utc, configPath: configPath() }));
  });

program
  .command('check')
  .description('read the settings, ask the machine about them, and say what would run; starts nothing')
  .addOption(new Option('--role <role>', 'as for worker; without it, as for start').choices(ROLES))
  .option('--json', 'say it as JSON')
  .option('--quiet', 'say nothing but mistakes')
  .action(async (options: { readonly role?: Role; readonly json?: boolean; readonly quiet?: boolean }) => {
    const { checkCommand } = await import('./check-command.js');
    const output = options.quiet === true ? 'none' : options.json === true ? 'json' : 'text';
    await finish(checkCommand({ role: options.role, output, configPath: configPath() }));
  });

/** A verb ends with its exit code; what it throws becomes one message on stderr. */
async function finish(verb: Promise<number>): Promise<void> {
  try {
    process.exitCode = await verb;
  } catch (error) {
    process.exitCode = isBadConfig(error) ? EXIT_BAD_CONFIG : 1;
    const message = error instanceof Error ? error.message : String(error);
    const { redact } = await import('../redact.js');
    // A ConfigError is made of redacted parts, and shows how a URL with a password is written.
    process.stderr.write(`${isBadConfig(error) ? message : redact(message)}\n`);
  }
}

function isBadConfig(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'bad-config';
}

await program.parseAsync(process.argv);
