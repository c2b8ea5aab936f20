import { useEffect, useMemo, useRef, useState } from "react";
import { useParams } from "wouter";
import { useAddress } from "../../../app/context";
import { useGet } from "../../../api/use";
import { contrast, darker } from "../../../core/colours";
import { bare, type Link } from "../../../core/links";
import { Button, ButtonLink } from "../../../ui/Button";
import { Choice } from "../../../ui/Choice";
import { TextBox, Toggle } from "../../../ui/fields";
import { Card, Page } from "../../../ui/Page";
import { PageOf } from "../../../ui/PageOf";
import { encode, paint, scan, svg, type Level, type QrLook } from "./draw";

const LEVELS: { id: Level; name: string }[] = [
  { id: "L", name: "7 % may be damaged" },
  { id: "M", name: "15 % may be damaged" },
  { id: "Q", name: "25 % may be damaged" },
  { id: "H", name: "30 % may be damaged" },
];
const LEAST_CONTRAST = 4;

/** The QR code of a link. It is made in this page; the logo is not uploaded. */
export default function Qr() {
  const { slug } = useParams<{ slug: string }>();
  const link = useGet("/v2/handles/{handle}/links/{slug}", { path: { slug } });
  return <PageOf of={link} title={`QR code of ${slug}`}>{(data) => <Code link={data} />}</PageOf>;
}

/** The short address, with `src=qr` so that reports tell its visitors apart. */
const target = (link: Link, marked: boolean): string => (marked ? `${link.shortUrl}?src=qr` : link.shortUrl);

function save(blob: Blob, name: string): void {
  const anchor = document.createElement("a");
  anchor.href = URL.createObjectURL(blob);
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(anchor.href), 10_000);
}

function Code({ link }: { link: Link }) {
  const address = useAddress();
  const [marked, setMarked] = useState(true);
  const [look, setLook] = useState<QrLook>({ level: "M", quiet: 4, dark: "#000000", light: "#ffffff", logo: null });
  const text = target(link, marked);
  const code = useMemo(() => encode(text, look.level), [text, look.level]);
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (canvas.current) paint(canvas.current, code, look);
  }, [code, look]);
  const set = (parts: Partial<QrLook>) => setLook({ ...look, ...parts });
  const png = () => canvas.current?.toBlob((blob) => blob && save(blob, `${link.slug}.png`));
  return (
    <Page title={`QR code of ${link.slug}`} note={bare(text)} actions={<ButtonLink href={address(`attribution/links/${link.slug}`)}>Back to the link</ButtonLink>}>
      <div className="grid-2">
        <Card title="Code">
          <div className="stack">
            <canvas ref={canvas} className="qr" role="img" aria-label={`QR code that leads to ${text}`} data-text={text} />
            <Readable canvas={canvas} text={text} look={look} />
            <div className="row">
              <Button kind="primary" icon="download" onPress={png}>PNG</Button>
              <Button icon="download" onPress={() => save(new Blob([svg(code, look)], { type: "image/svg+xml" }), `${link.slug}.svg`)}>SVG{look.logo ? " without the logo" : ""}</Button>
            </div>
          </div>
        </Card>
        <Card title="Look">
          <div className="form">
            <Toggle label="Mark its visitors" help="Adds src=qr: reports show them as the source qr." value={marked} onChange={setMarked} />
            <Choice label="Error correction" options={LEVELS} value={look.level} onChange={(level) => set({ level })} />
            <TextBox label="Quiet zone" type="number" value={String(look.quiet)} after="modules" help="Scanners expect 4." onChange={(value) => set({ quiet: Math.min(10, Math.max(0, Math.trunc(Number(value)) || 0)) })} />
            <div className="form-row">
              <Colour label="Dark" value={look.dark} onChange={(dark) => set({ dark })} />
              <Colour label="Light" value={look.light} onChange={(light) => set({ light })} />
            </div>
            <Logo onChange={(logo) => setLook({ ...look, logo, ...(logo ? { level: "H" as const } : {}) })} has={look.logo !== null} />
          </div>
        </Card>
      </div>
    </Page>
  );
}

function Colour({ label, value, onChange }: { label: string; value: string; onChange: (value: string) => void }) {
  return (
    <label className="field">
      <span className="field-label">{label}</span>
      <input type="color" className="colour" value={value} onChange={(event) => onChange(event.target.value)} />
    </label>
  );
}

function Logo({ onChange, has }: { onChange: (logo: HTMLImageElement | null) => void; has: boolean }) {
  const choose = (file: File | undefined) => {
    const reader = new FileReader();
    reader.onload = () => {
      const image = new Image();
      image.onload = () => onChange(image);
      // A data address: the policy allows it for pictures, and nothing leaves the page.
      image.src = String(reader.result);
    };
    if (file) reader.readAsDataURL(file);
  };
  return (
    <div className="row">
      <label className="field">
        <span className="field-label">Logo in the middle</span>
        <input type="file" accept="image/png,image/jpeg,image/svg+xml" onChange={(event) => choose(event.target.files?.[0])} />
      </label>
      {has && <Button size="small" onPress={() => onChange(null)}>Remove</Button>}
    </div>
  );
}

/** Whether the code can be read: by its colours, and by reading it. */
function Readable({ canvas, text, look }: { canvas: React.RefObject<HTMLCanvasElement | null>; text: string; look: QrLook }) {
  const [read, setRead] = useState<{ of: QrLook; text: string; good: boolean } | null>(null);
  const ratio = contrast(look.dark, look.light);
  const test = async () => {
    if (canvas.current) setRead({ of: look, text, good: (await scan(canvas.current)) === text });
  };
  const current = read?.of === look && read.text === text ? read : null;
  return (
    <div className="stack-small">
      <p className={`tag ${ratio < LEAST_CONTRAST || !darker(look.dark, look.light) ? "tag-bad" : "tag-good"}`}>
        {!darker(look.dark, look.light) ? "Dark has to be darker than light: many scanners cannot read it inverted" : `Contrast ${ratio.toFixed(1)} to 1${ratio < LEAST_CONTRAST ? ": too little" : ""}`}
      </p>
      <div className="row">
        <Button size="small" onPress={() => void test()}>Test reading it</Button>
        {current && <span role="status" className={`tag ${current.good ? "tag-good" : "tag-bad"}`}>{current.good ? "Read: it leads to the link" : "It could not be read"}</span>}
      </div>
    </div>
  );
}
