import { createBrowserReceiver } from '@statelyai/inspect';

createBrowserReceiver().subscribe(({ type, snapshot }) => {
  const line = document.createElement('li');
  line.textContent = `${type} ${JSON.stringify(snapshot?.value ?? null)}`;
  document.querySelector('ol')?.append(line);
});
