/** What a gateway answered, as lines in which nothing stands that is new in each run. */
import { shapeOf } from './facts.ts';
import type { Json } from './recorder.ts';

/** Words that clients act on; of everything else the shape is enough. */
const LITERAL =
  /^(type|ok|event|code|reason|role|decision|outcome|protocol|recommendedNextStep|tokenDelivery)$/;
const SCOPE_OR_ROLE = /^(operator|node)\b/;

function parts(value: Json, path: string): readonly string[] {
  if (value === null || typeof value !== 'object') return shapeOf(value, path, 0);
  if (Array.isArray(value)) {
    const isRights = value.length > 0 && value.every((one) => SCOPE_OR_ROLE.test(one));
    return isRights
      ? [`${path} = ${[...value].sort().join(' ')}`]
      : value.flatMap((one) => parts(one, `${path}[]`));
  }
  return Object.entries(value).flatMap(([key, inner]) =>
    LITERAL.test(key) && typeof inner !== 'object'
      ? [`${path}.${key} = ${inner}`]
      : parts(inner, `${path}.${key}`),
  );
}

/** `subject` is the method that was answered, or the event. Each line once, sorted: lists are in no fixed order. */
export function answerLines(subject: string, frame: Json): readonly string[] {
  const { id: _id, seq: _seq, stateVersion: _version, ...rest } = frame;
  // Which features there are, and how the gateway is, is said in hello, and is not the answer to it.
  const { features: _features, snapshot: _snapshot, ...payload } = rest.payload ?? {};
  const told = Array.isArray(rest.payload) ? rest.payload : payload;
  return [...new Set(parts({ ...rest, payload: told }, subject))].sort();
}
