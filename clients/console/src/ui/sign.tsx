import type { ReactNode } from "react";

/** A picture that means something: its name is there for who cannot see it, and shows when pointed at. */
export function Sign({ label, className, children }: { label: string; className?: string; children: ReactNode }) {
  return (
    <span className={className} title={label} style={{ display: "inline-flex" }}>
      {children}
      <span className="sr-only">{label}</span>
    </span>
  );
}
