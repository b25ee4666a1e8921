import { render } from 'preact';
import { App } from './app.tsx';
import { Bell } from './bell.ts';
import { Book } from './book.ts';
import { ConsoleContext } from './console-context.ts';
import { Desk } from './decisions.ts';
import { loadDeviceView } from './device-later.tsx';
import { Link } from './link.ts';
import { takeFromAddress } from './secret.ts';

takeFromAddress();
const link: Link = new Link({
  onEvent: (event) => book.heard(event),
  onConnect: () => book.askAhead(),
  onHello: async () => {
    performance.mark('antechamber.hello');
    await book.readFirst();
    void book.readAll().then(loadDeviceView);
  },
});
const ask = <T,>(method: string, params?: object): Promise<T> => link.request<T>(method, params);
const book = new Book(ask);
const desk = new Desk(ask, book);
const bell = new Bell(book);
link.start();
// An address with a secret in it may be opened where the page is open already.
addEventListener('hashchange', () => {
  if (takeFromAddress()) link.again();
});

const place = document.getElementById('console');
if (!place) throw new Error('the page has no place for the console');
render(
  <ConsoleContext.Provider value={{ link, book, desk, bell }}>
    <App />
  </ConsoleContext.Provider>,
  place,
);
