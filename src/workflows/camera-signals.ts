import { z } from 'zod';
import { cameraConditionSchema } from '../domain/camera.js';
import { gapClaimSchema } from '../domain/coverage.js';
import { declinedSchema } from '../domain/declines.js';
import { InvalidIdError, parseRecorderId, parseSegmentId, type SegmentId } from '../domain/ids.js';
import type { AssignmentDeclined, ConditionChange, SegmentNotice } from './contract.js';

const noticesSchema: z.ZodType<readonly SegmentNotice[], unknown> = z.array(
  z.object({
    segment: z.string().transform(parseSegmentId),
    recorder: z.string().transform(parseRecorderId),
    fromMs: z.number(),
    toMs: z.number(),
    sizeBytes: z.number(),
    gapsBefore: z.array(gapClaimSchema),
  }),
);

const conditionChangeSchema: z.ZodType<ConditionChange, unknown> = z.object({
  recorder: z.string().transform(parseRecorderId),
  condition: cameraConditionSchema,
  notBeforeMs: z.number().nullable(),
  timezone: z.string().optional(),
});

const assignmentDeclinedSchema: z.ZodType<AssignmentDeclined, unknown> = z.intersection(
  declinedSchema,
  z.object({ recorder: z.string().transform(parseRecorderId) }),
);

const segmentsSchema: z.ZodType<readonly SegmentId[], unknown> = z.array(z.string().transform(parseSegmentId));

/** `undefined`: not what a recorder sends. A signal cannot be refused, and one that throws would stop the workflow for good. */
export function parseNotices(told: unknown): readonly SegmentNotice[] | undefined {
  return parsed(noticesSchema, told);
}

/** As `parseNotices`. */
export function parseConditionChange(told: unknown): ConditionChange | undefined {
  return parsed(conditionChangeSchema, told);
}

/** As `parseNotices`. */
export function parseAssignmentDeclined(told: unknown): AssignmentDeclined | undefined {
  return parsed(assignmentDeclinedSchema, told);
}

/** As `parseNotices`. */
export function parseLostSegments(told: unknown): readonly SegmentId[] | undefined {
  return parsed(segmentsSchema, told);
}

function parsed<T>(schema: z.ZodType<T, unknown>, told: unknown): T | undefined {
  try {
    return schema.safeParse(told).data;
  } catch (error) {
    // The ids inside throw by themselves.
    if (error instanceof InvalidIdError) return undefined;
    throw error;
  }
}
