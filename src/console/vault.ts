/** What the console keeps on this browser: its key and its device token, for this gateway's page and no other. */
const STORE = 'kept';

/** Pages of two gateways on one origin have different paths. */
const NAME = `antechamber ${new URL('.', location.href).pathname}`;

let opened: Promise<IDBDatabase> | undefined;

function settle<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function open(): Promise<IDBDatabase> {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opened;
}

export async function kept<T>(key: string): Promise<T | undefined> {
  return settle((await open()).transaction(STORE).objectStore(STORE).get(key));
}

export async function keep(key: string, value: unknown): Promise<void> {
  await settle((await open()).transaction(STORE, 'readwrite').objectStore(STORE).put(value, key));
}

export async function forget(key: string): Promise<void> {
  await settle((await open()).transaction(STORE, 'readwrite').objectStore(STORE).delete(key));
}
