package reports

import (
	"strings"
	"unicode"
)

// letter is one that parents, and others about their own account, get.
type letter string

// The letters about reports.
const (
	letterFiled   letter = "filed"   // a child has reported somebody
	letterDecided letter = "decided" // that report was decided
)

// letters is a letter in two kinds: to the guardians of a child, and to those
// who answer for their account themselves.
type letters struct{ child, own letter }

var (
	letterWarned    = letters{"warned", "warned_own"}
	letterSuspended = letters{"suspended", "suspended_own"}
	letterRestored  = letters{"restored", "restored_own"}
)

// in returns the letter in a language (BCP 47) or in English. name is the
// child's, of the reader's own.
func (l letter) in(language, name string) (subject, text string) {
	words := spoken[languageOf(language)][l]
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, name)
	return words.subject, strings.ReplaceAll(words.text, "{name}", name)
}

// languageOf returns which of the languages that we write fits best.
func languageOf(tag string) string {
	primary, _, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(tag, "_", "-")), "-")
	if primary == "zh" {
		return "zh-hant"
	}
	if _, ok := spoken[primary]; ok {
		return primary
	}
	return "en"
}

type words struct{ subject, text string }

// spoken is every letter in every language. {name} is the name of the
// reader's own child. Nothing of a report stands in any: neither what it
// says, nor who made it or whom it is about. The subject names nobody, since
// it is read on locked screens.
var spoken = map[string]map[letter]words{
	"en": {
		letterFiled: {"Kinwire: your child has sent a report", `Hello,

{name} has told us, or another parent has for {name}, that somebody on Kinwire did something that was not all right. It was good to tell. Our safety staff will look at it.

We cannot write here what it is about. You may want to ask {name} how things are, and to listen without hurry. In the app you can see {name}'s friends, end a friendship or block somebody.

If a child is in danger now, please call your local emergency number.

Kinwire
`},
		letterDecided: {"Kinwire: the report was looked at", `Hello,

our safety staff have looked at the report from {name} and have taken a decision. To protect everybody concerned we do not write here what it is.

Thank you for looking out for one another. If anything happens again, please report it again.

Kinwire
`},
		letterWarned.child: {"Kinwire: please talk with your child", `Hello,

somebody has reported something about the account of {name}. Our safety staff have looked at it and found that it was against our rules. The account stays open; this is a warning.

Children try things out, and a calm talk mostly helps. Please tell {name} that on Kinwire people are kind to one another. If it happens again, the account may be suspended.

Kinwire
`},
		letterWarned.own: {"Kinwire: a warning about your account", `Hello,

somebody has reported something about your account. Our safety staff have looked at it and found that it was against our rules. Your account stays open; this is a warning. If it happens again, the account may be suspended.

Kinwire
`},
		letterSuspended.child: {"Kinwire: your child's account is suspended", `Hello,

we have suspended the account of {name}, because something happened that is against our rules. {name} is signed out everywhere and cannot make or get calls now.

This can be hard for a child. Please explain it calmly. If you think that we are wrong, answer to the people who run this service: a suspension can be undone.

Kinwire
`},
		letterSuspended.own: {"Kinwire: your account is suspended", `Hello,

we have suspended your account, because something happened that is against our rules. You are signed out everywhere.

If you think that we are wrong, write to the people who run this service: a suspension can be undone.

Kinwire
`},
		letterRestored.child: {"Kinwire: your child's account is open again", `Hello,

the account of {name} is open again. {name} has to sign in anew on each device; everything else is as it was.

Kinwire
`},
		letterRestored.own: {"Kinwire: your account is open again", `Hello,

your account is open again. You have to sign in anew on each device; everything else is as it was.

Kinwire
`},
	},
	"pl": {
		letterFiled: {"Kinwire: zgłoszenie od Twojego dziecka", `Dzień dobry,

otrzymaliśmy zgłoszenie z konta dziecka ({name}) lub od innego rodzica w imieniu dziecka: ktoś w Kinwire zachował się niewłaściwie. Dobrze, że nam o tym powiedziano. Nasz zespół bezpieczeństwa się tym zajmie.

Nie możemy tu napisać, o co chodzi. Warto spokojnie zapytać dziecko, jak się czuje, i bez pośpiechu wysłuchać. W aplikacji można zobaczyć znajomych dziecka, zakończyć znajomość lub kogoś zablokować.

Jeśli dziecko jest teraz w niebezpieczeństwie, prosimy zadzwonić pod numer alarmowy.

Kinwire
`},
		letterDecided: {"Kinwire: zgłoszenie zostało sprawdzone", `Dzień dobry,

nasz zespół bezpieczeństwa sprawdził zgłoszenie ({name}) i podjął decyzję. Aby chronić wszystkich, których to dotyczy, nie piszemy tutaj jaką.

Dziękujemy za czujność. Jeśli coś się powtórzy, prosimy zgłosić to jeszcze raz.

Kinwire
`},
		letterWarned.child: {"Kinwire: prosimy o rozmowę z dzieckiem", `Dzień dobry,

ktoś zgłosił coś, co dotyczy konta dziecka ({name}). Nasz zespół bezpieczeństwa to sprawdził i stwierdził naruszenie naszych zasad. Konto działa dalej; to jest ostrzeżenie.

Dzieci próbują różnych rzeczy, a spokojna rozmowa zwykle pomaga. Prosimy powiedzieć dziecku, że w Kinwire jesteśmy dla siebie życzliwi. Jeśli to się powtórzy, konto może zostać zawieszone.

Kinwire
`},
		letterWarned.own: {"Kinwire: ostrzeżenie dotyczące Twojego konta", `Dzień dobry,

ktoś zgłosił coś, co dotyczy Twojego konta. Nasz zespół bezpieczeństwa to sprawdził i stwierdził naruszenie naszych zasad. Konto działa dalej; to jest ostrzeżenie. Jeśli to się powtórzy, konto może zostać zawieszone.

Kinwire
`},
		letterSuspended.child: {"Kinwire: konto Twojego dziecka jest zawieszone", `Dzień dobry,

konto dziecka ({name}) zostało zawieszone, ponieważ doszło do naruszenia naszych zasad. Konto jest wylogowane na wszystkich urządzeniach i nie można z niego dzwonić ani odbierać połączeń.

Dla dziecka to może być trudne. Prosimy spokojnie wyjaśnić, co się stało. Jeśli uważają Państwo, że to pomyłka, prosimy napisać do osób prowadzących tę usługę: zawieszenie można cofnąć.

Kinwire
`},
		letterSuspended.own: {"Kinwire: Twoje konto jest zawieszone", `Dzień dobry,

Twoje konto zostało zawieszone, ponieważ doszło do naruszenia naszych zasad. Zostało wylogowane na wszystkich urządzeniach.

Jeśli to pomyłka, prosimy napisać do osób prowadzących tę usługę: zawieszenie można cofnąć.

Kinwire
`},
		letterRestored.child: {"Kinwire: konto Twojego dziecka znów działa", `Dzień dobry,

konto dziecka ({name}) znów działa. Na każdym urządzeniu trzeba zalogować się ponownie; wszystko inne jest tak jak wcześniej.

Kinwire
`},
		letterRestored.own: {"Kinwire: Twoje konto znów działa", `Dzień dobry,

Twoje konto znów działa. Na każdym urządzeniu trzeba zalogować się ponownie; wszystko inne jest tak jak wcześniej.

Kinwire
`},
	},
	"hi":      hindi,
	"zh-hant": traditionalChinese,
}
