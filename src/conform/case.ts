import type { Scene } from './scene.ts';

/** What every gateway of the protocol must do, seen from outside. */
export interface Case {
  /** Short and stable, such as `I7-again`. */
  readonly id: string;
  /** `I1` to `I18`, `protocol` or `seed`. */
  readonly invariant: string;
  readonly title: string;
  /** One sentence: what a gateway that keeps it does. */
  readonly expected: string;
  /** Longest time that it may take, in ms; 15 s unless told. */
  readonly budgetMs?: number;
  /** Says what it saw with `scene.expect`, or throws Unjudged. */
  readonly run: (scene: Scene) => Promise<void>;
}

/** The case says nothing about this gateway, and why. */
export class Unjudged extends Error {}

/** What a case takes for granted did not happen, so that nothing was seen. */
export class SetUpFailed extends Error {}
