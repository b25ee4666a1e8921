import type { Version } from './recorded.ts';
import type { State } from './stage.ts';

const BUNDLE = ['operator.admin', 'operator.approvals', 'operator.pairing'];
/** The nearest that lacks a read here: admin covers it, which it did not in 2026.2.19. */
const WITHOUT_READ = ['operator.approvals', 'operator.pairing'];
const READ = ['operator.read'];
const ONE = '<device 1>';
const TWO = '<device 2>';

const asksToRead = (as: string): State => ({
  [ONE]: { paired: WITHOUT_READ, asks: { scopes: READ, as, mode: 'backend' } },
  [TWO]: { paired: BUNDLE },
});
const reader: State = { [ONE]: { paired: READ } };
const asksToPair: State = {
  [ONE]: { paired: READ, asks: { scopes: ['operator.pairing'], as: '<request 2>' } },
};
const newcomer: State = { [ONE]: { asks: { scopes: READ, as: '<request 1>' } } };

/** The state before each recorded command, by the number of its file; nothing is known where none is named. */
export const STATES: Readonly<Record<Version, Readonly<Record<string, State>>>> = {
  '2026.2.19': {
    '02': { [ONE]: { paired: WITHOUT_READ } },
    '03': asksToRead('<request 1>'),
    '04': asksToRead('<request 1>'),
    '05': { [ONE]: { paired: [...BUNDLE, ...READ] } },
    '06': { [ONE]: { paired: [...BUNDLE, ...READ] } },
    '10': { [ONE]: { paired: BUNDLE } },
    '12': { [ONE]: { paired: BUNDLE } },
    '13': asksToRead('<request 2>'),
    '14': { [TWO]: { paired: BUNDLE } },
    '15': { [TWO]: { paired: BUNDLE } },
    '17': { [ONE]: { paired: BUNDLE }, [TWO]: { paired: BUNDLE } },
    '18': { [ONE]: { paired: BUNDLE, ended: 'revoked' }, [TWO]: { paired: BUNDLE } },
    '19': { [ONE]: { paired: BUNDLE }, [TWO]: { paired: BUNDLE } },
    '20': { [TWO]: { paired: BUNDLE } },
    '21': { [ONE]: { paired: BUNDLE, ended: 'removed' }, [TWO]: { paired: BUNDLE } },
  },
  '2026.9.6': {
    '07': newcomer,
    '09': newcomer,
    '10': reader,
    '11': reader,
    '12': asksToPair,
    '13': asksToPair,
    '14': reader,
    '15': reader,
    '16': reader,
    '18': { [ONE]: { paired: READ, called: 'gateway:status' } },
    '19': { [ONE]: { paired: READ, called: 'gateway:status', rotated: true } },
    '21': reader,
    '22': { [ONE]: { paired: READ, rotated: true, label: 'test-label' } },
    '23': { [ONE]: { paired: READ, ended: 'revoked' } },
    '24': reader,
    '26': { [ONE]: { paired: READ, ended: 'removed' } },
  },
};
