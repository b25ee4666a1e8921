import type { Json } from './store.ts';

/** Parses a document of ours and freezes it: readers share it, and a change in place must fail loudly. */
export function parseFrozen(text: string): Json {
  return freeze(JSON.parse(text));
}

function freeze(value: Json): Json {
  if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) freeze(part);
    Object.freeze(value);
  }
  return value;
}
