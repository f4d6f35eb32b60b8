package accounts

import (
	"net/mail"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-playground/validator/v10"
	"golang.org/x/text/unicode/norm"

	"kinwire/signaling/proto"
)

const (
	maxLogin    = 256 // bytes
	maxEmail    = 254 // bytes (RFC 5321, section 4.5.3.1.3, less the angle brackets)
	maxPassword = 1024
	maxName     = 40 // characters
	maxMarks    = 8  // code points that are read as one letter
	minUser     = 3
	maxUser     = 32
	oldest      = 120 // years
	grownUp     = 18  // years
	dateForm    = time.DateOnly
)

// loginName is the one form of a login: without outer spaces, in lower case,
// full-width letters as plain ones.
func loginName(name string) string {
	return strings.ToLower(norm.NFKC.String(strings.TrimSpace(name)))
}

// emailOf checks an e-mail address and returns the one form of it.
func emailOf(address string) (string, error) {
	email := loginName(address)
	parsed, err := mail.ParseAddress(email)
	if err != nil || parsed.Address != email || len(email) > maxEmail || strings.ContainsAny(email, " \"\\<>(),;:[]\r\n") {
		return "", refuse(proto.CodeBadMessage, "email is not an address such as name@example.org")
	}
	return email, nil
}

// userOf checks a child's user name and returns the one form of it.
func userOf(name string) (string, error) {
	user := loginName(name)
	if n := utf8.RuneCountInString(user); n < minUser || n > maxUser {
		return "", refuse(proto.CodeBadMessage, "user has %d characters; allowed are %d to %d", n, minUser, maxUser)
	}
	for _, r := range user {
		if !unicode.In(r, unicode.L, unicode.M, unicode.Nd) && !strings.ContainsRune("._-", r) {
			return "", refuse(proto.CodeBadMessage, "user holds %q; allowed are letters, digits, dot, - and _", r)
		}
	}
	return user, nil
}

// nameOf checks what others will see of somebody and returns it tidied up.
// field is what the caller calls it.
func nameOf(field, name string) (string, error) {
	if !utf8.ValidString(name) {
		return "", refuse(proto.CodeBadMessage, "%s is not valid UTF-8", field)
	}
	name = strings.Join(strings.Fields(norm.NFC.String(name)), " ")
	if n := utf8.RuneCountInString(name); n == 0 || n > maxName {
		return "", refuse(proto.CodeBadMessage, "%s has %d characters; allowed are 1 to %d", field, n, maxName)
	}
	if err := checkVisible(field, name); err != nil {
		return "", err
	}
	return name, checkText(field, name)
}

// checkVisible refuses what could be hidden in a name: characters that are not
// seen, but for those that some scripts and emoji need, and letters under a
// heap of marks.
func checkVisible(field, name string) error {
	visible := false
	for _, part := range clusters(name) {
		if isEmoji(part) {
			visible = true
			continue
		}
		if utf8.RuneCountInString(part) > maxMarks {
			return refuse(proto.CodeBadMessage, "%s has a letter with more than %d marks", field, maxMarks-1)
		}
		for _, r := range part {
			if !unicode.IsPrint(r) && r != joiner && r != nonJoiner {
				return refuse(proto.CodeBadMessage, "%s holds the invisible character U+%04X; allowed are letters, digits, signs and emoji", field, r)
			}
			visible = visible || unicode.In(r, unicode.L, unicode.N, unicode.S, unicode.P)
		}
	}
	if !visible {
		return refuse(proto.CodeBadMessage, "%s has nothing to be seen", field)
	}
	return nil
}

// avatarOf checks a picture. Who writes text instead is told first what is
// wrong with the text.
func avatarOf(avatar string) (string, error) {
	avatar = strings.TrimSpace(avatar)
	if isEmoji(avatar) {
		return avatar, nil
	}
	if err := checkText("avatar", shorten(avatar)); err != nil {
		return "", err
	}
	return "", refuse(proto.CodeBadMessage, "avatar is not one emoji; allowed is one, such as 🦊")
}

// countries knows ISO 3166-1 alpha-2; it is never changed.
var countries = validator.New()

func countryOf(code string) (string, error) {
	code = strings.ToUpper(strings.TrimSpace(code))
	if countries.Var(code, "iso3166_1_alpha2") != nil {
		return "", refuse(proto.CodeBadMessage, "country is not a code of ISO 3166-1 alpha-2; allowed are two letters such as PL, TW or GB")
	}
	return code, nil
}

// ageOf checks a date of birth and returns the age in full years.
func ageOf(date string, now time.Time) (age int, err error) {
	born, err := time.Parse(dateForm, date)
	if err != nil {
		return 0, refuse(proto.CodeBadMessage, "birth_date is not a date; allowed is YYYY-MM-DD")
	}
	// A day begins first 14 hours before it begins in UTC.
	if born.After(now.UTC().Add(14*time.Hour)) || yearsFrom(born, now.UTC()) > oldest {
		return 0, refuse(proto.CodeBadMessage, "birth_date is not that of somebody alive; allowed are the last %d years", oldest)
	}
	return max(0, yearsFrom(born, dayEverywhere(now))), nil
}

// yearsFrom is how old somebody is who was born that day. Who was born on 29
// February is a year older on 1 March in a year without one.
func yearsFrom(born, today time.Time) int {
	years := today.Year() - born.Year()
	if today.Month() < born.Month() || today.Month() == born.Month() && today.Day() < born.Day() {
		years--
	}
	return years
}

// dayEverywhere is the last day that has begun everywhere on Earth. Whoever
// has a birthday then has it wherever they are: the law is local, and where
// somebody is nobody has asked.
func dayEverywhere(now time.Time) time.Time { return now.UTC().Add(-12 * time.Hour) }

var genders = map[proto.Gender]bool{"": true, proto.GenderGirl: true, proto.GenderBoy: true, proto.GenderOther: true}

func checkGender(g proto.Gender) error {
	if !genders[g] {
		return refuse(proto.CodeBadMessage, "gender is none of girl, boy and other; it may be left out")
	}
	return nil
}

var languageTag = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$`)

// languageOf is the tag if it has the form of one (BCP 47), or empty.
func languageOf(tag string) string {
	if languageTag.MatchString(tag) {
		return tag
	}
	return ""
}
