/** Mutants that change nothing that anybody could see, each with the reason. */
export const EQUIVALENT: Readonly<Record<string, string>> = {};
