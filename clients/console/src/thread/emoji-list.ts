/** Emoji by name: what people answer with. The names are those that are typed after a colon. */
export const EMOJI: readonly (readonly [emoji: string, names: string])[] = [
  ["👍", "thumbsup +1 yes ok"], ["👎", "thumbsdown -1 no"], ["❤️", "heart love"], ["🎉", "tada party celebrate"], ["😄", "smile happy"],
  ["😂", "joy laugh"], ["🙏", "pray thanks please"], ["👀", "eyes look"], ["🚀", "rocket ship"], ["✅", "check done white_check_mark"],
  ["🙂", "slight_smile"], ["😀", "grinning"], ["😊", "blush"], ["😉", "wink"], ["😍", "heart_eyes"], ["🤩", "star_struck"],
  ["😎", "sunglasses cool"], ["🤔", "thinking hmm"], ["😐", "neutral"], ["🙄", "rolling_eyes"], ["😬", "grimace"], ["😅", "sweat_smile"],
  ["😇", "innocent"], ["🥳", "partying"], ["😴", "sleeping"], ["😮", "open_mouth wow"], ["😢", "cry sad"], ["😭", "sob"],
  ["😡", "rage angry"], ["😱", "scream"], ["🤯", "exploding_head"], ["🥲", "smiling_tear"], ["🤗", "hug"], ["🤝", "handshake deal"],
  ["👋", "wave hello bye"], ["👏", "clap"], ["🙌", "raised_hands hooray"], ["💪", "muscle strong"], ["✌️", "victory"], ["🤞", "fingers_crossed"],
  ["👌", "ok_hand"], ["🤙", "call_me"], ["👉", "point_right"], ["👆", "point_up"], ["✍️", "writing"], ["🫡", "salute"],
  ["💯", "100 hundred"], ["🔥", "fire hot"], ["⭐", "star"], ["✨", "sparkles"], ["💡", "bulb idea"], ["⚡", "zap fast"],
  ["⚠️", "warning"], ["❗", "exclamation"], ["❓", "question"], ["❌", "x cross"], ["⛔", "no_entry"], ["🛑", "stop"],
  ["ℹ️", "information"], ["🔔", "bell"], ["🔒", "lock"], ["🔑", "key"], ["📌", "pin pushpin"], ["📎", "paperclip attach"],
  ["📄", "page document"], ["📝", "memo note"], ["📅", "calendar date"], ["⏰", "alarm clock"], ["⏳", "hourglass wait"], ["📞", "phone call"],
  ["📧", "email mail"], ["💬", "speech chat"], ["📦", "package parcel"], ["🚚", "truck delivery"], ["🛒", "cart"], ["💰", "money"],
  ["💳", "card payment"], ["🧾", "receipt invoice"], ["📈", "chart_up"], ["📉", "chart_down"], ["🛠️", "tools fix"], ["🔧", "wrench"],
  ["🐛", "bug"], ["💻", "laptop computer"], ["🖥️", "desktop"], ["📱", "mobile"], ["🌐", "globe web"], ["🔗", "link"],
  ["🏠", "house home"], ["🏢", "office"], ["✈️", "airplane travel"], ["🚗", "car"], ["🚆", "train"], ["🗺️", "map"],
  ["☀️", "sun"], ["🌧️", "rain"], ["❄️", "snow"], ["🌱", "seedling"], ["🌸", "blossom"], ["🌍", "earth"],
  ["☕", "coffee"], ["🍵", "tea"], ["🍰", "cake"], ["🎂", "birthday"], ["🍕", "pizza"], ["🍎", "apple"],
  ["🎁", "gift present"], ["🏆", "trophy win"], ["🥇", "first gold"], ["🎯", "target dart"], ["🎶", "music"], ["📷", "camera"],
  ["🐶", "dog"], ["🐱", "cat"], ["🦊", "fox"], ["🐻", "bear"], ["🐢", "turtle slow"], ["🐝", "bee"],
  ["💚", "green_heart"], ["💙", "blue_heart"], ["💛", "yellow_heart"], ["💔", "broken_heart"], ["🟢", "green_circle"], ["🟡", "yellow_circle"],
  ["🔴", "red_circle"], ["➡️", "arrow_right"], ["⬅️", "arrow_left"], ["⬆️", "arrow_up"], ["⬇️", "arrow_down"], ["🔁", "repeat again"],
];

/** The emoji whose names begin with what is typed, those by their first name first. */
export function findEmoji(query: string, most: number): { emoji: string; name: string }[] {
  const sought = query.toLowerCase();
  const found = EMOJI.flatMap(([emoji, names]) => {
    const all = names.split(" ");
    const at = all.findIndex((name) => name.startsWith(sought));
    return at < 0 ? [] : [{ emoji, name: all[at] ?? "", at }];
  });
  return found.sort((a, b) => a.at - b.at).slice(0, most).map(({ emoji, name }) => ({ emoji, name }));
}
