import { IconFile, IconLock, IconMail } from "@tabler/icons-react";
import { SearchPart, type Excerpt, type SearchResult } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { When } from "../intl/time.tsx";
import { PartyFace } from "../ui/person.tsx";
import { Sign } from "../ui/sign.tsx";
import classes from "./search.module.css";

/** The height of a result, in pixels. */
export const HIT_HEIGHT = 96;

/** Who wrote what was found, and where the words are. */
export function Hit({ result, place }: { result: SearchResult; place?: boolean }) {
  const t = useText();
  return (
    <>
      <PartyFace party={result.author} size={30} />
      <span className={classes.text}>
        <span className={classes.top}>
          <span className={classes.title}>{place ? result.threadTitle || t("record.untitled") : result.author?.name}</span>
          {result.internal && <Sign className={classes.note} label={t("message.internal")}><IconLock size={13} aria-hidden /></Sign>}
          <span className={classes.time}><When at={result.createTime} /></span>
        </span>
        {place && <span className={classes.author}>{result.author?.name}</span>}
        {result.excerpts.slice(0, place ? 2 : 3).map((excerpt, at) => <Piece key={at} excerpt={excerpt} />)}
      </span>
    </>
  );
}

/** A piece of a message with what was looked for marked, as the server marked it. */
export function Piece({ excerpt }: { excerpt: Excerpt }) {
  return (
    <span className={classes.excerpt} dir="auto">
      <Part excerpt={excerpt} />
      {excerpt.cutBefore && "…"}
      {excerpt.segments.map((segment, at) => (segment.hit ? <mark key={at} className={classes.hit}>{segment.text}</mark> : segment.text))}
      {excerpt.cutAfter && "…"}
    </span>
  );
}

/** Says which part of a message a piece is of, if not of its text. */
function Part({ excerpt }: { excerpt: Excerpt }) {
  const t = useText();
  switch (excerpt.part) {
    case SearchPart.FILE_NAME:
      return <Sign className={classes.part} label={t("search.inFile")}><IconFile size={13} aria-hidden /></Sign>;
    case SearchPart.SENDER:
      return <Sign className={classes.part} label={t("search.inSender")}><IconMail size={13} aria-hidden /></Sign>;
    case SearchPart.SUBJECT:
      return <span className={classes.label}>{t("search.inSubject")}: </span>;
    case SearchPart.CHANGE:
    case SearchPart.ACTIVITY:
      return excerpt.label === "" ? null : <span className={classes.label}>{excerpt.label}: </span>;
    default:
      return null;
  }
}
