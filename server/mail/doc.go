// Package mail is everything that Parley knows about mail as a format and as a
// protocol, and nothing about what a mail means to a workspace: it has no
// database, no settings and no routing. Those are in server/mailgate.
//
// # Out
//
// An [Outgoing] is one mail to one recipient. [Outgoing.Compose] turns it into
// bytes in a [Spool], signed by DKIM when there is a [DKIM] key, and a [Sender]
// hands the spool to an SMTP server. A failure to send is a [*SendError] that
// says whether another attempt makes sense. [Render] makes the text and the HTML
// of a message written in Markdown.
//
// # In
//
// A [Listener] speaks SMTP or LMTP. It asks a [Handler] about each recipient,
// gathers the mail in a spool, and acknowledges it only after the handler took
// it. [Parse] reads the spool into an [Incoming]. Parse accepts every sequence of
// bytes: what is broken is repaired or left out, and named in Incoming.Repairs.
// It needs linear time, and memory for the text only: attachments stay in the
// spool.
//
// # Who is who
//
// A [Signer] makes the addresses and ids by which an answer or a bounce is found
// again, and is the only proof that they are ours. What a mail says about its own
// sender proves nothing; [Incoming.Authentication] is what some server wrote, and
// is to be believed only from a server that the administrator names.
//
// # Conventions
//
// Addresses are normalised: lower case, the domain in ASCII. Message ids have no
// angle brackets. Text is valid UTF-8, with \n line ends and no NUL.
package mail
