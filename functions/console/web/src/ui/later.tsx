import { useEffect, useState, type ComponentType, type ReactNode } from "react";

/** A component whose code is loaded once it is shown, or before that by `load`. */
export type Later<Props extends object = object> = ComponentType<Props> & { load: () => Promise<unknown> };

/**
 * Makes a component of code that is loaded later; `meanwhile` is shown until it is there. Unlike React's `lazy` it is shown at once if its
 * code is there already, and else as soon as it is: a fallback of `Suspense` stays for at least 300 ms.
 */
export function later<Props extends object>(get: () => Promise<ComponentType<Props>>, meanwhile: ReactNode): Later<Props> {
  let loaded: ComponentType<Props> | null = null;
  const load = async (): Promise<ComponentType<Props>> => (loaded ??= await get());
  function Shown(props: Props) {
    const [Code, setCode] = useState(() => loaded);
    const [failed, setFailed] = useState<{ because: unknown } | null>(null);
    useEffect(() => {
      if (!Code) load().then((found) => setCode(() => found), (because: unknown) => setFailed({ because }));
    }, [Code]);
    if (failed) throw failed.because;
    return Code ? <Code {...props} /> : <>{meanwhile}</>;
  }
  return Object.assign(Shown, { load });
}
