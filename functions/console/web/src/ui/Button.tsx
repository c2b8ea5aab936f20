import { Button as AriaButton, Link as AriaLink, Tooltip, TooltipTrigger, type ButtonProps, type LinkProps } from "react-aria-components";
import type { ReactNode } from "react";
import { Icon, type IconName } from "./Icon";

type Look = { kind?: "primary" | "plain" | "quiet" | "danger"; size?: "small" | "normal"; icon?: IconName };

const look = ({ kind = "plain", size = "normal" }: Look): string => `button button-${kind}${size === "small" ? " button-small" : ""}`;

export function Button({ kind, size, icon, children, className, ...props }: Omit<ButtonProps, "children"> & Look & { children?: ReactNode }) {
  return (
    <AriaButton {...props} className={`${look({ ...(kind ? { kind } : {}), ...(size ? { size } : {}) })} ${className ?? ""}`}>
      {icon && <Icon name={icon} />}
      {children}
    </AriaButton>
  );
}

/** A link that looks like a button. */
export function ButtonLink({ kind, size, icon, children, ...props }: Omit<LinkProps, "children"> & Look & { children?: ReactNode }) {
  return (
    <AriaLink {...props} className={look({ ...(kind ? { kind } : {}), ...(size ? { size } : {}) })}>
      {icon && <Icon name={icon} />}
      {children}
    </AriaLink>
  );
}

/** A button that is only a drawing, with its name as a tooltip. */
export function IconButton({ icon, label, kind = "quiet", ...props }: Omit<ButtonProps, "children"> & { icon: IconName; label: string } & Pick<Look, "kind">) {
  return (
    <TooltipTrigger delay={400}>
      <AriaButton {...props} aria-label={label} className={`${look({ kind })} button-icon`}>
        <Icon name={icon} />
      </AriaButton>
      <Tooltip className="tooltip" offset={6}>{label}</Tooltip>
    </TooltipTrigger>
  );
}
