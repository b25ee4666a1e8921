/** Which facts two gateways do not share, and which reason explains each. */

export interface Reason {
  /** A word for it in the matrix. */
  readonly id: string;
  /** Why our gateway is meant to differ there. */
  readonly why: string;
  /** A difference is a fact with `- ` before it when only theirs has it, `+ ` when only ours. */
  readonly explains?: RegExp;
  /** Every difference of a command is explained when this is one of them: the two took different ways from there. */
  readonly explainsAllAfter?: RegExp;
  /** Seen on slow machines only, so that a run may do without it. */
  readonly sometimes?: true;
  /** Only for these commands. */
  readonly of?: RegExp;
}

export interface Difference {
  readonly fact: string;
  /** Undefined when nothing explains it. */
  readonly reason: string | undefined;
}

function unshared(ours: readonly string[], theirs: readonly string[]): readonly string[] {
  const here = new Set(ours);
  const there = new Set(theirs);
  return [
    ...[...there].filter((fact) => !here.has(fact)).map((fact) => `- ${fact}`),
    ...[...here].filter((fact) => !there.has(fact)).map((fact) => `+ ${fact}`),
  ];
}

export function compare(
  subject: string,
  ours: readonly string[],
  theirs: readonly string[],
  reasons: readonly Reason[],
): readonly Difference[] {
  const facts = unshared(ours, theirs);
  const fitting = reasons.filter(({ of }) => of === undefined || of.test(subject));
  const whole = fitting.find((reason) => facts.some((fact) => reason.explainsAllAfter?.test(fact)));
  return facts.map((fact) => {
    const exact = fitting.find(({ explains }) => explains?.test(fact));
    return { fact, reason: (exact ?? whole)?.id };
  });
}
