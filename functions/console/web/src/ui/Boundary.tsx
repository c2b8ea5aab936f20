import { Component, type ReactNode } from "react";
import { Button } from "./Button";
import { Empty } from "./states";

/** Keeps a page that cannot be drawn from taking the rest with it; also one whose file is gone after an update. */
export class Boundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children;
    return (
      <Empty title="This page could not be shown" action={<Button kind="primary" onPress={() => location.reload()}>Load it again</Button>}>
        The console may have been updated meanwhile. What you typed in forms is kept.
      </Empty>
    );
  }
}
