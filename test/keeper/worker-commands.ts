import type { SessionId } from '../../src/domain/ids.js';
import type { SpawnRequest } from '../../src/keeper/protocol.js';

/** What a test may tell the fake worker. */
export type WorkerCommand =
  | { readonly kind: 'spawn'; readonly request: SpawnRequest }
  | { readonly kind: 'list' }
  | { readonly kind: 'signal'; readonly session: SessionId; readonly signal: 'SIGTERM' | 'SIGKILL' }
  | { readonly kind: 'ready' }
  | { readonly kind: 'supervision' }
  /** Starts a process of its own, and answers with its pid. */
  | { readonly kind: 'bear' }
  | { readonly kind: 'exit'; readonly code: number }
  | { readonly kind: 'hang' };
