import { readFile, writeFile } from 'node:fs/promises';
import { buildHeader, checkHeader } from '../../../src/mp4/header-in-front.js';
import { createRecordingWalker, type RecordingIndex } from '../../../src/mp4/recording-index.js';
import { memorySource } from './memory-source.js';

/** The index of a recording in memory, in one go or in steps of `stepBytes`. */
export async function indexOf(bytes: Uint8Array, stepBytes = bytes.length): Promise<RecordingIndex> {
  const walker = createRecordingWalker(memorySource(bytes));
  for (let sizeBytes = Math.min(stepBytes, bytes.length); ; sizeBytes = Math.min(sizeBytes + stepBytes, bytes.length)) {
    await walker.advance(sizeBytes);
    if (sizeBytes === bytes.length) return walker.index;
  }
}

/** Header and index of a recording in memory, checked. */
export async function sealInMemory(
  recording: Uint8Array,
  coverageFields: Readonly<Record<string, unknown>> = {},
): Promise<{ readonly header: Uint8Array; readonly index: RecordingIndex }> {
  const index = await indexOf(recording);
  const header = buildHeader(index, { recordingSizeBytes: recording.length, coverageFields });
  checkHeader(header, index, recording.length);
  return { header, index };
}

/** Writes the sealed object of a recording beside it; resolves to its path. */
export async function sealFile(path: string): Promise<string> {
  const recording = await readFile(path);
  const { header } = await sealInMemory(recording);
  const sealed = path.replace(/\.mp4$/, '.sealed.mp4');
  await writeFile(sealed, Buffer.concat([header, recording]));
  return sealed;
}
