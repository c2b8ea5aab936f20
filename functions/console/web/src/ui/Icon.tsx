const PATHS = {
  overview: "M2.5 13.5v-5h3v5zM6.5 13.5v-11h3v11zM10.5 13.5v-8h3v8z",
  link: "M6.5 9.5l3-3M7 4.5l1.2-1.2a3.2 3.2 0 014.5 4.5L11.5 9M9 11.5l-1.2 1.2a3.2 3.2 0 01-4.5-4.5L4.5 7",
  check: "M3 8.5l3.5 3.5L13 4.5",
  flag: "M3.5 14V2.5M3.5 3h8l-1.5 3 1.5 3h-8",
  coin: "M8 2.5a5.5 5.5 0 110 11 5.5 5.5 0 010-11zM8 5v6M6 6.5h3a1 1 0 010 2H7a1 1 0 000 2h3",
  split: "M2.5 8h4l4-4.5h3M6.5 8l4 4.5h3",
  download: "M8 2.5v8M4.5 7.5L8 11l3.5-3.5M2.5 13.5h11",
  bolt: "M9 1.5L3.5 9H8l-1 5.5L12.5 7H8z",
  gear: "M8 5.5a2.5 2.5 0 110 5 2.5 2.5 0 010-5zM8 1.5v2M8 12.5v2M1.5 8h2M12.5 8h2M3.4 3.4l1.4 1.4M11.2 11.2l1.4 1.4M12.6 3.4l-1.4 1.4M4.8 11.2l-1.4 1.4",
  bell: "M3.5 11.5h9c-1-1-1.5-2-1.5-4.5a3 3 0 00-6 0c0 2.5-.5 3.5-1.5 4.5zM6.5 13.5h3",
  key: "M6 7a3 3 0 110 3.5A3 3 0 016 7zM8.5 7l5-5M11 4.5l2 2",
  people: "M6 3a2.3 2.3 0 110 4.6A2.3 2.3 0 016 3zM1.5 13.5c0-2.5 2-4 4.5-4s4.5 1.5 4.5 4M10.5 3.2a2.2 2.2 0 010 4.2M12 9.8c1.6.6 2.5 1.9 2.5 3.7",
  list: "M2.5 4h11M2.5 8h11M2.5 12h11",
  search: "M7 2.5a4.5 4.5 0 110 9 4.5 4.5 0 010-9zM10.5 10.5l3 3",
  plus: "M8 3v10M3 8h10",
  close: "M4 4l8 8M12 4l-8 8",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  code: "M5.5 4.5L2 8l3.5 3.5M10.5 4.5L14 8l-3.5 3.5",
  table: "M2.5 3.5h11v9h-11zM2.5 6.5h11M6.5 6.5v6",
  chart: "M2.5 13.5h11M4.5 11V7M8 11V4M11.5 11V8.5",
  down: "M4 6l4 4 4-4",
  right: "M6 4l4 4-4 4",
  left: "M10 4L6 8l4 4",
  grip: "M6 4h.01M10 4h.01M6 8h.01M10 8h.01M6 12h.01M10 12h.01",
  more: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  trash: "M3 4.5h10M6.5 4.5v-2h3v2M4.5 4.5l.5 9h6l.5-9",
  edit: "M3 13l.5-2.5 7-7 2 2-7 7zM9 5l2 2",
  qr: "M2.5 2.5h4v4h-4zM9.5 2.5h4v4h-4zM2.5 9.5h4v4h-4zM9.5 9.5h1.5v1.5M13.5 9.5v4h-4",
  open: "M9.5 2.5h4v4M13.5 2.5l-6 6M11.5 9.5v4h-9v-9h4",
  sun: "M8 5a3 3 0 110 6 3 3 0 010-6zM8 1.5v1M8 13.5v1M1.5 8h1M13.5 8h1M3.4 3.4l.7.7M11.9 11.9l.7.7M12.6 3.4l-.7.7M4.1 11.9l-.7.7",
  refresh: "M13 8a5 5 0 11-1.5-3.5M13 2.5v3h-3",
  lock: "M4 7.5h8v6H4zM5.5 7.5v-2a2.5 2.5 0 015 0v2",
  send: "M2.5 7.5l11-5-4 11-2-4.5z",
  clock: "M8 2.5a5.5 5.5 0 110 11 5.5 5.5 0 010-11zM8 5v3l2 1.5",
  help: "M8 2.5a5.5 5.5 0 110 11 5.5 5.5 0 010-11zM6.5 6.5a1.5 1.5 0 112.2 1.3c-.5.3-.7.6-.7 1.2M8 11h.01",
  out: "M6.5 2.5h-4v11h4M10.5 5l3 3-3 3M13.5 8H6",
  undo: "M3 6.5h6.5a3.5 3.5 0 010 7H6M3 6.5l3-3M3 6.5l3 3",
} as const;

export type IconName = keyof typeof PATHS;

/** A drawing beside a word; it says nothing by itself. */
export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg className="icon" width={size} height={size} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
