import { useEffect, useState, type ReactNode } from "react";
import type { Reading } from "../api/use";
import type { Schema } from "../api/client";
import { Bell } from "./Bell";
import { HandleSwitcher } from "./HandleSwitcher";
import type { Shown } from "./opened/Palette";
import { Rail } from "./Rail";
import { RangePicker } from "./RangePicker";
import { usePage } from "./usePage";
import { useArrival } from "./useArrival";
import { useKeyboard } from "./useKeyboard";
import { UserMenu } from "./UserMenu";
import { WritesMeter } from "./WritesMeter";
import { Offline } from "./Offline";
import { useQuiet } from "../api/useQuiet";
import { Boundary } from "../ui/Boundary";
import { Button } from "../ui/Button";
import { loadDialogs } from "../ui/Dialog";
import { later } from "../ui/later";

const Palette = later<Shown>(async () => (await import("./opened/Palette")).default, null);
const KeyboardHelp = later<Shown>(async () => (await import("./opened/KeyboardHelp")).default, null);

/** What surrounds every page: navigation at the left, handle, range, writes and search on top. */
export function Shell({ usage, children }: { usage: Reading<Schema["Usage"]>; children: ReactNode }) {
  const [palette, setPalette] = useState(false);
  const [help, setHelp] = useState(false);
  const page = usePage();
  const quiet = useQuiet();
  useArrival(page);
  // What is opened over the page comes after its figures; a failure is reported where it is opened.
  useEffect(() => void (quiet && loadDialogs().catch(() => null)), [quiet]);
  useKeyboard({ palette: () => setPalette(true), help: () => setHelp(true) });
  return (
    <div className="shell">
      <a className="skip" href="#page">Skip to the page</a>
      <header className="top">
        <HandleSwitcher />
        <div className="top-middle">{page?.ranged && <RangePicker />}</div>
        <div className="top-end">
          <WritesMeter usage={usage} />
          <Button kind="plain" size="small" icon="search" onPress={() => setPalette(true)} className="palette-button" aria-keyshortcuts="Meta+K Control+K">
            <span className="wide-only-inline">Search</span> <kbd>⌘K</kbd>
          </Button>
          <Bell />
          <UserMenu onHelp={() => setHelp(true)} plan={usage.data?.plan} />
        </div>
      </header>
      <Rail />
      <main id="page" className="main" tabIndex={-1}>
        <Offline />
        {children}
      </main>
      {palette && <Boundary><Palette isOpen onOpenChange={setPalette} /></Boundary>}
      {help && <Boundary><KeyboardHelp isOpen onOpenChange={setHelp} /></Boundary>}
    </div>
  );
}
