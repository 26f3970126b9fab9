import {
  Badge,
  Button,
  Loader,
  Menu,
  Modal,
  Paper,
  Popover,
  Text,
  Textarea,
  TextInput,
  Tooltip,
  createTheme,
  defaultVariantColorsResolver,
  type CSSVariablesResolver,
  type MantineColorsTuple,
} from "@mantine/core";

const gray: MantineColorsTuple = [
  "#f7f8f9", "#eef0f2", "#e3e6ea", "#d3d8de", "#bcc4cc",
  "#98a2ad", "#75808c", "#5a6571", "#3d464f", "#1f262c",
];

const dark: MantineColorsTuple = [
  "#dde2e7", "#b4bdc6", "#939eaa", "#6d7884", "#39424b",
  "#2c343c", "#20262d", "#171c21", "#12161a", "#0c0f12",
];

const teal: MantineColorsTuple = [
  "#e8f5f3", "#cdebe7", "#9fd8d1", "#6cc3b9", "#41ada1",
  "#1f968b", "#0f7f75", "#0b6b63", "#095a54", "#064641",
];

const amber: MantineColorsTuple = [
  "#fff8e6", "#feefc8", "#fce09a", "#f9cd65", "#f2b93a",
  "#dd9c17", "#b87c0a", "#925f08", "#74490b", "#5c3a0c",
];

/** The theme of the console: cool greys, one deep teal accent, amber for notes. */
export const theme = createTheme({
  primaryColor: "teal",
  primaryShade: { light: 7, dark: 6 },
  colors: { gray, dark, teal, amber },
  fontFamily: "'Inter Variable', system-ui, -apple-system, 'Segoe UI', sans-serif",
  fontFamilyMonospace: "ui-monospace, 'SF Mono', Menlo, Consolas, monospace",
  fontSizes: { xs: "13px", sm: "14px", md: "14px", lg: "16px", xl: "20px" },
  lineHeights: { xs: "1.4", sm: "1.45", md: "1.45", lg: "1.45", xl: "1.3" },
  spacing: { xs: "8px", sm: "12px", md: "16px", lg: "20px", xl: "28px" },
  radius: { xs: "4px", sm: "6px", md: "8px", lg: "14px", xl: "20px" },
  defaultRadius: "sm",
  cursorType: "pointer",
  focusRing: "auto",
  respectReducedMotion: true,
  headings: {
    fontWeight: "620",
    sizes: {
      h1: { fontSize: "20px", lineHeight: "1.3" },
      h2: { fontSize: "16px", lineHeight: "1.35" },
      h3: { fontSize: "14px", lineHeight: "1.45" },
    },
  },
  // Light grounds carry darker text than Mantine's own, for a contrast of 4.5:1.
  variantColorResolver: (input) => {
    const own = defaultVariantColorsResolver(input);
    if (input.variant !== "light" || input.color === undefined || input.color.includes("#")) return own;
    return { ...own, color: `var(--p-on-light-${input.color}, ${own.color})` };
  },
  components: {
    Badge: Badge.extend({
      defaultProps: { variant: "light", radius: "sm", size: "md" },
      styles: { label: { textTransform: "none", fontWeight: 550, letterSpacing: 0 } },
    }),
    Button: Button.extend({ defaultProps: { size: "xs" }, styles: { label: { fontWeight: 550 } } }),
    Loader: Loader.extend({ defaultProps: { size: "sm" } }),
    Menu: Menu.extend({ defaultProps: { shadow: "md", transitionProps: { duration: 100 } } }),
    Modal: Modal.extend({
      defaultProps: { transitionProps: { duration: 120 }, radius: "md" },
      styles: { title: { fontSize: 16, fontWeight: 620 } },
    }),
    Paper: Paper.extend({ defaultProps: { radius: "md" } }),
    Popover: Popover.extend({ defaultProps: { shadow: "md", transitionProps: { duration: 100 } } }),
    Text: Text.extend({ defaultProps: { size: "sm" } }),
    TextInput: TextInput.extend({ defaultProps: { size: "sm" } }),
    Textarea: Textarea.extend({ defaultProps: { size: "sm" } }),
    Tooltip: Tooltip.extend({
      defaultProps: { openDelay: 300, transitionProps: { duration: 80 }, withArrow: false, fz: "xs" },
    }),
  },
});

const shared = {
  "--p-rail": "56px",
  "--p-bubble-radius": "14px",
};

const light = {
  "--mantine-color-body": "#ffffff",
  "--mantine-color-text": "#1f262c",
  "--mantine-color-dimmed": "#5a6571",
  "--mantine-color-placeholder": "#6b7682",
  "--mantine-color-default-border": "#dfe3e7",
  "--mantine-color-error": "#c02b2b",
  "--p-ground": "#f4f5f7",
  "--p-raised": "#ffffff",
  "--p-border": "#e3e6ea",
  "--p-hover": "#f3f5f6",
  "--p-selected": "#e7f3f1",
  "--p-accent-text": "#0b6b63",
  "--p-bubble": "#eef1f3",
  "--p-bubble-own": "#0b6b63",
  "--p-bubble-own-text": "#ffffff",
  "--p-note": "#fff7e0",
  "--p-note-border": "#e6a817",
  "--p-note-text": "#7a4f06",
  "--p-green": "#187a43",
  "--p-red": "#c02b2b",
  "--p-new": "#c8481f",
  "--p-flash": "#fdf1c7",
  "--p-on-light-teal": "#0a5f58",
  "--p-on-light-green": "#1c6b33",
  "--p-on-light-amber": "#7a4f06",
  "--p-on-light-yellow": "#7a5200",
  "--p-on-light-orange": "#9a4104",
  "--p-on-light-red": "#b02525",
  "--p-on-light-gray": "#3d464f",
  "--p-on-light-blue": "#175f9e",
};

const night = {
  "--mantine-color-body": "#171c21",
  "--mantine-color-text": "#dde2e7",
  "--mantine-color-dimmed": "#9aa6b2",
  "--mantine-color-placeholder": "#87929d",
  "--mantine-color-default": "#1d2329",
  "--mantine-color-default-hover": "#252c33",
  "--mantine-color-default-border": "#333c45",
  "--mantine-color-error": "#ff8080",
  "--mantine-color-teal-light": "#14342f",
  "--mantine-color-teal-light-hover": "#18403a",
  "--mantine-color-teal-light-color": "#8bd5cc",
  "--mantine-color-red-light": "#3a1e20",
  "--mantine-color-red-light-color": "#ffb3b3",
  "--mantine-color-gray-light": "#2a323a",
  "--mantine-color-gray-light-color": "#c4ccd4",
  "--p-ground": "#101418",
  "--p-raised": "#1e242a",
  "--p-border": "#2a323a",
  "--p-hover": "#1f262c",
  "--p-selected": "#163330",
  "--p-accent-text": "#6cc3b9",
  "--p-bubble": "#252d34",
  "--p-bubble-own": "#0f6f66",
  "--p-bubble-own-text": "#f2fbfa",
  "--p-note": "#2e2613",
  "--p-note-border": "#b8861b",
  "--p-note-text": "#f0c869",
  "--p-green": "#4fc27f",
  "--p-red": "#ff7b7b",
  "--p-new": "#f2936f",
  "--p-flash": "#3b3316",
};

/** Tokens of both schemes. Dark is its own design, not an inversion. */
export const tokens: CSSVariablesResolver = () => ({ variables: shared, light, dark: night });
