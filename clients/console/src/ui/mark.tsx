/** Parley's mark. */
export function Mark({ size = 28 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden>
      <rect width="32" height="32" rx="9" fill="var(--mantine-primary-color-filled)" />
      <path
        d="M9 10.5A3.5 3.5 0 0 1 12.5 7h7a3.5 3.5 0 0 1 3.500 3.500v5a3.500 3.500 0 0 1-3.500 3.500H15l-4.600 4.300c-.5.5-1.400.1-1.400-.6V10.500Z"
        fill="#fff"
      />
      <circle cx="13.500" cy="13" r="1.400" fill="var(--mantine-primary-color-filled)" />
      <circle cx="18.500" cy="13" r="1.400" fill="var(--mantine-primary-color-filled)" />
    </svg>
  );
}
