import { useEffect, useState } from 'preact/hooks';
import type { DeviceView } from './device.tsx';
import { Empty } from './parts.tsx';

let loaded: typeof DeviceView | undefined;

/**
 * The page of a device draws the state machine, and with it comes half of all scripts: they are read after those who
 * wait are on the screen. False when they cannot be had.
 */
export async function loadDeviceView(): Promise<boolean> {
  try {
    loaded ??= (await import('./device.tsx')).DeviceView;
    return true;
  } catch {
    return false;
  }
}

export function DeviceLater({ deviceId }: { deviceId: string }) {
  const [isMissing, miss] = useState(false);
  const [, render] = useState({});
  useEffect(() => {
    if (!loaded) void loadDeviceView().then((isThere) => (isThere ? render({}) : miss(true)));
  }, []);
  const View = loaded;
  if (View) return <View deviceId={deviceId} />;
  return isMissing ? (
    <Empty title="Not loaded">The gateway was away, or is of another version now. Reload this page.</Empty>
  ) : null;
}
