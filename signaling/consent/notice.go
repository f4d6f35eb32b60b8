package consent

import "kinwire/signaling/proto"

// DefaultVersion names the notice that DefaultSections gives. Whoever changes
// what that text promises changes this too: every parent is asked again.
const DefaultVersion = "2026-11"

// DefaultSections is the notice that comes with Kinwire. It tells what this
// software does; who runs it adds who they are and how to reach them, with
// sections of their own.
func DefaultSections() []proto.NoticeSection {
	return []proto.NoticeSection{
		{
			Title: "What is kept, and why",
			Text: "About your child: a nickname, the date of birth, the country, a picture you choose from a list and, if you like, the gender. " +
				"The date of birth and the country are used for one thing: to know which rules for children apply. " +
				"Besides: the user name and a scrambled form of the password, which devices are signed in, who your child's friends are, " +
				"and who called whom, when and for how long. Of every call we measure how well the connection works, so that we can repair it.",
		},
		{
			Title: "What you allow, one by one",
			Text: "Calls: your child talks with friends you know of, by voice and video. " +
				"Messages: your child writes with them; messages are encrypted so that we cannot read them. " +
				"Photos: your child sends them pictures. " +
				"Location: you, and nobody else, see where your child's device is. " +
				"Support logs: the app may send us technical reports when something fails. " +
				"You can allow any of these without the others.",
		},
		{
			Title: "Who sees it",
			Text: "You and your child's other parents see what is kept, and with whom your child is in touch; not what is said or written. " +
				"Friends see the nickname, the picture, the family's name and, unless your child turns that off, who is there right now. Nobody becomes a friend unless both sides say yes, " +
				"and where you ask for it, you too. Nobody can search for your child. " +
				"Our staff can look at an account's facts, for instance when somebody reports a problem; each look-up is written down. " +
				"Calls and messages are not recorded. We show no advertisements, and we sell nothing.",
		},
		{
			Title: "How long",
			Text: "What is kept about your child stays as long as the account does. " +
				"The list of calls empties itself after some months; each entry shows when. " +
				"Messages are deleted once they have arrived, after 15 days at the latest. " +
				"A form that you send us to show that you are a parent is deleted as soon as it has been checked. " +
				"A list of decisions, such as this consent, stays, with numbers in the place of names.",
		},
		{
			Title: "Your rights",
			Text: "In the app you can see and correct what is kept about your child, sign devices out, and decide about friends and calls. " +
				"You can take back this consent at any time, as a whole or in parts, in the app under “Consents”: it acts at once, and calls that go on end. " +
				"You can ask us for a copy of everything about your child, and to delete it. " +
				"If this notice changes, we ask you again, and until you have answered your child can do nothing that needs your consent.",
		},
	}
}
