import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SqliteFeed } from '../../src/store/sqlite-feed.ts';

/** A database as the feed sees it, and what the feed has told. */
function setting() {
  const events: { seq: number; deviceId: string }[] = [];
  const told: [string, number][] = [];
  const scans: number[] = [];
  let version = 1;
  const reads = {
    dataVersion: () => version,
    head: () => events.length,
    eventsAfter: (seq: number) => {
      scans.push(seq);
      return events.filter((event) => event.seq > seq);
    },
  };
  const feed = new SqliteFeed(reads, 50, (deviceId, seq) => told.push([deviceId, seq]));
  const commit = (deviceId: string) => events.push({ seq: events.length + 1, deviceId });
  return {
    feed,
    reads,
    told,
    scans,
    own: (deviceId: string) => feed.committed([commit(deviceId)]),
    foreign: (deviceId: string) => {
      commit(deviceId);
      version++;
    },
    look: () => vi.advanceTimersByTime(50),
  };
}

describe('the feed of foreign changes', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('tells each foreign change once, and the newest of several of one device', () => {
    const { feed, told, foreign, look } = setting();
    foreign('before');
    feed.start();
    look();
    foreign('a');
    foreign('b');
    foreign('a');
    look();
    look();
    foreign('b');
    look();
    expect(told).toEqual([
      ['a', 4],
      ['b', 3],
      ['b', 5],
    ]);
    feed.stop();
  });

  it('tells no own change, and passes over those it has seen alone', () => {
    const { feed, told, scans, own, foreign, look } = setting();
    feed.start();
    own('a');
    look();
    own('b');
    foreign('c');
    own('c');
    look();
    expect(told).toEqual([['c', 3]]);
    expect(scans, 'the first was known to be own without a scan').toEqual([1]);
    feed.stop();
  });

  it('finds later what a look could not read', () => {
    const { feed, reads, told, foreign, look } = setting();
    feed.start();
    foreign('a');
    const locked = vi.spyOn(reads, 'eventsAfter').mockImplementationOnce(() => {
      throw new Error('locked');
    });
    look();
    expect(locked).toHaveBeenCalledTimes(1);
    expect(told).toEqual([]);
    look();
    expect(told).toEqual([['a', 1]]);
    feed.stop();
  });

  it('misses nothing that is committed while it starts', () => {
    const { feed, reads, told, foreign, look } = setting();
    const { head } = reads;
    vi.spyOn(reads, 'head').mockImplementationOnce(() => {
      const seen = head();
      foreign('a');
      return seen;
    });
    feed.start();
    look();
    expect(told).toEqual([['a', 1]]);
    feed.stop();
  });

  it('looks only while it is wanted', () => {
    const { feed, told, foreign, look } = setting();
    expect(vi.getTimerCount()).toBe(0);
    feed.start();
    feed.start();
    expect(vi.getTimerCount()).toBe(1);
    feed.stop();
    expect(vi.getTimerCount()).toBe(0);
    foreign('a');
    feed.start();
    look();
    expect(told).toEqual([]);
    feed.stop();
  });
});
