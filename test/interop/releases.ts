/** The published programs that this gateway must get along with, and what each needs to run. */

export type Generation = '2026.2.19' | '2026.9.6';

export interface Release {
  readonly version: Generation;
  /** The protocol that its clients speak. */
  readonly protocol: 3 | 4;
  /** The Node that its `engines` ask for, as a version of the registry's Node packages. */
  readonly node: string;
}

export const NODE_22 = '22.23.3';
const NODE_24 = '24.21.0';

export const RELEASES: readonly Release[] = [
  { version: '2026.2.19', protocol: 3, node: NODE_22 },
  { version: '2026.9.6', protocol: 4, node: NODE_24 },
];

/** A node host that another project wrote. */
export const OPENCLAW_NODE = { version: '0.14.0', node: NODE_22 } as const;
