/**
 * One process that uploads one segment of a spool, as a worker does it: checkpoint and receipt are in the spool. It is there to be killed.
 *
 * Its only argument is JSON: `dist` (URL of the built program), `root` (of the spool), `segment`, `store`, `partSizeBytes`, `partsInFlight`.
 */
const { dist, root, segment, store: settings, partSizeBytes, partsInFlight } = JSON.parse(process.argv[2] ?? '');

/** @type {(name: string) => Promise<any>} */
const built = async (name) => await import(`${dist}${name}.js`);
const { createBufferPool } = await built('object-store/buffer-pool');
const { metadataOf } = await built('object-store/coverage-metadata');
const { createS3Store } = await built('object-store/s3');
const { uploadObject } = await built('object-store/upload-object');
const { expectedOf } = await built('activities/send-segment');
const { objectKeysOf } = await built('domain/object-key');
const { createLogger } = await built('log');
const { openSpool } = await built('spool/open-spool');

const spool = await openSpool(root, { log: createLogger({ level: 'silent', name: 'upload' }), reserveBytes: 65_536 });
const found = await spool.find(segment);
const source = await spool.read(segment);
const store = createS3Store(settings);
const receipt = await uploadObject({
  store,
  keys: objectKeysOf(found.segment),
  source,
  expected: expectedOf(found.segment),
  metadata: metadataOf(found.segment),
  checkpoint: found.kind === 'uploading' ? found.checkpoint : null,
  /** @param {unknown} checkpoint */
  onCheckpoint: async (checkpoint) => await spool.recordCheckpoint(segment, checkpoint),
  pool: createBufferPool(partsInFlight),
  partSizeBytes,
  partsInFlight,
  signal: AbortSignal.timeout(300_000),
});
await spool.recordReceipt(segment, receipt);
await source.close();
store.close();
