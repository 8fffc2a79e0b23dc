import { MemoryStore } from '../../src/object-store/memory.js';
import { describeObjectStore } from '../contract/object-store.js';

describeObjectStore('in memory', () => new MemoryStore());
