/** How both pages of the inspector look: the console's colours, so that they are seen as one thing. */
export const STYLE = `:root {
  color-scheme: light dark;
  --paper: light-dark(#faf9f7, #131515); --surface: light-dark(#fff, #1b1e1e); --ink: light-dark(#1e1d1b, #eceae6);
  --soft: light-dark(#615e58, #a7a49d); --line: light-dark(#e5e1da, #2e3333); --field: light-dark(#918b81, #747b7b);
  --accent: light-dark(#0f6b5c, #66cdb6); --accent-ink: light-dark(#fff, #0b211c);
  --amber: light-dark(#8a5300, #f0b95b);
  font: 14px/1.45 -apple-system, "Segoe UI", Roboto, Inter, "Noto Sans", "Liberation Sans", system-ui, sans-serif;
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); }
header { display: flex; gap: 1.2rem; align-items: baseline; padding: .8rem 1.4rem; border-bottom: 1px solid var(--line); }
h1 { font-size: 1.1rem; margin: 0; } h2 { font-size: 1rem; margin: .2rem 0 .7rem; } h3 { font-size: .95rem; margin: 0 0 .8rem; }
header p { margin: 0; color: var(--soft); } #missed { color: var(--amber); }
main { display: grid; grid-template-columns: minmax(17rem, 1fr) 1.25fr 1.35fr; gap: 1.4rem; padding: 1.2rem 1.4rem; }
@media (max-width: 60rem) { main { grid-template-columns: minmax(0, 1fr); } }
section { min-width: 0; }
ul, ol { padding: 0; margin: 0; list-style: none; }
label { color: var(--soft); font-size: .87rem; }
input { font: inherit; color: inherit; display: block; width: 100%; margin-top: .25rem; padding: .45rem .7rem;
  background: var(--surface); border: 1px solid var(--field); border-radius: 9px; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
#actors { margin-top: .8rem; max-height: 78vh; overflow: auto; padding: 2px; }
#actors button { font: inherit; color: inherit; display: grid; gap: .1rem; width: 100%; text-align: left; cursor: pointer;
  background: var(--surface); border: 1px solid var(--line); border-radius: 10px; padding: .5rem .75rem; margin-bottom: .5rem; }
#actors button:hover { border-color: var(--field); }
#actors button[aria-pressed=true] { border-color: var(--accent); box-shadow: 0 0 0 1px var(--accent); }
#actors .about { color: var(--soft); font-size: .85rem; overflow-wrap: anywhere; }
#actors .gone { opacity: .6; }
.state { font-weight: 620; } .waiting .state { color: var(--amber); } .authorized .state { color: var(--accent); }
#chart > ul, #chart > pre, #events { background: var(--surface); border: 1px solid var(--line); border-radius: 10px; }
#chart > ul, #chart > pre { padding: .6rem .9rem; } #chart > p { color: var(--soft); }
#chart li { margin: .35rem 0; } #chart ul ul { padding-left: .9rem; border-left: 2px solid var(--line); }
#chart [aria-current] > .name { background: var(--accent); color: var(--accent-ink); border-radius: 5px; padding: .05em .45em; }
#chart .name { font-weight: 560; } #chart .about { color: var(--soft); font-size: .9rem; }
pre, #events { font: 12px/1.55 ui-monospace, "SF Mono", "Cascadia Mono", "Liberation Mono", monospace;
  white-space: pre-wrap; overflow-wrap: anywhere; }
pre { color: var(--soft); margin: .3rem 0 .5rem; }
#events { max-height: 84vh; overflow: auto; } #events li { border-bottom: 1px solid var(--line); padding: .35rem .9rem; }
#events :is(time, .details) { color: var(--soft); } #events b { font-weight: 620; }
.hosted { display: flex; flex-direction: column; height: 100vh; } .hosted p { margin: .4rem 1rem; }
iframe { flex: 1; border: 0; width: 100%; }
`;
