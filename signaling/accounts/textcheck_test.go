package accounts

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"kinwire/signaling/proto"
)

// refusedAs are texts that tell too much, by what the refusal says they hold.
var refusedAs = map[string][]string{
	"an e-mail address": {
		"mia@example.org", "Mia.K@school.edu.in", "mia (at) example (dot) org", "mia[at]example.pl", "mia{@}wp.pl",
		"mia at gmail com", "mia at example dot org", "mia małpa wp kropka pl", "mia gmail", "mia.gma1l", "m i a g m a i l",
		"ｍｉａ＠ｅｘａｍｐｌｅ．ｏｒｇ", "小明@qq.com",
	},
	"a web address or an account elsewhere": {
		"https://mia", "www.mia.example", "mia.com", "mia . com", "mia.pl", "mia-k.de", "mia dot com", "mia kropka pl", "mia點com",
		"@mia_07", "mia@home", "mia#1234", "ig: mia", "insta mia", "snap:mia", "Mia TikTok", "微信 mia", "我的抖音", "mia WhatsApp",
		"qq：12345", "इंस्टाग्राम मिया",
	},
	"a phone number or another long number": {
		"555 1234", "Mia 600 700 800", "+48 600-700-800", "(02) 2345 6789", "0912345678", "Mia5551234", "5.5.5.1.2.3.4",
		"5 5 5 1 2 3", "m1i2a3x4y5z6q7", "five five five one two three four", "fivefivefiveonetwothree", "Mia sześć zero zero siedem zero zero",
		"शून्य नौ एक दो तीन चार", "०९१२३४५६७८", "٠٩١٢٣٤٥٦٧٨", "九一二三四五六七八", "零九壹貳叁肆伍陸", "０９１２３４５６", "⑤⑤⑤①②③④",
		"5️⃣5️⃣5️⃣1️⃣2️⃣3️⃣4️⃣", "5\u200b5\u200b5\u200b1\u200b2\u200b3\u200b4", "𝟓𝟓𝟓𝟏𝟐𝟑𝟒", "O7OO9OO123", "o9l2345l78", "call 1234", "zadzwoń 1234",
		"手機 1234", "01.02.2014",
	},
	"a street address": {
		"12 High Street", "221b Baker St", "Mia, 5 Long Oak Lane", "42nd Street", "Baker Street 221", "Flat 4", "PO Box 12",
		"ul. Długa 5", "ul Dluga 5/7", "al. Jana Pawła 12", "os. Kwiatowe 3", "Plac Zbawiciela 7", "00-950 Warszawa",
		"SW1A 1AA", "Hauptstraße 5", "Hauptstr. 5", "Lindenweg 12a", "12 rue Victor Hugo", "rue de Rivoli 12", "Calle Mayor 5",
		"Via Roma 10", "Kalverstraat 9", "Kungsgatan 4", "улица Ленина 5", "मकान नंबर 12", "गली नं. ५", "१२ महात्मा गांधी मार्ग", "12 एमजी रोड",
		"12 Lajpat Nagar", "H.No. 12", "中山路12號", "忠孝東路四段一號", "中山路12", "三號二樓", "5丁目", "Atatürk Caddesi 5", "세종대로 110",
	},
	"the name of a school": {
		"Mia from Lincoln School", "St Mary's School", "sch00l boy", "5ch001", "s c h o o l", "Oakwood Elementary", "Riverdale College",
		"Szkoła nr 5", "SP nr 12", "SP 7", "II Liceum", "Przedszkole Miś", "Grundschule Mitte", "Goethe-Gymnasium", "École Jules Ferry",
		"Lycée Voltaire", "Colegio San José", "Escola Azul", "Scuola Verdi", "Basisschool De Boom", "Södra skolan", "Základní škola",
		"школа 5", "Гимназия 12", "केन्द्रीय विद्यालय", "दिल्ली पब्लिक स्कूल", "Kendriya Vidyalaya", "北京第一小學", "师大附中学", "建國國中", "台北幼兒園", "东京学校",
		"서울초등학교", "Atatürk İlkokulu",
	},
}

// fine are names that children and grown-ups bear or like.
var fine = []string{
	"Mia", "Mia 7", "Leo 2014", "Mia ❤️", "O'Brien", "Anna-Lena", "J.R.", "Dr. Leo", "Max.", "Zoë", "Łukasz", "José", "Nguyễn Trương", "Björk",
	"小明", "王五", "李四", "张三丰", "七七", "三毛", "小明1号", "九妹", "阿宏", "小学生", "さくら", "민준", "मिया", "राम कुमार", "नगमा", "आठवीं मिया", "Александр", "محمد", "Ελένη",
	"Agent 007", "R2D2", "C3PO", "PS5 Leo", "Star Lord 3000", "Kid A", "One Two Three", "Seven", "Uno", "Dodo", "Ek Do Teen", "lilo2007", "Bo2010", "zoo 2007",
	"L33t Mia", "Bill 10", "s1lly", "M@x!", "^_^", "@_@ Mia", "#1 Mia", "Mia & Leo", "Leo at home", "Kim in the house", "Net", "Dot", "Com", "Instant",
	"Snap", "Line", "Diane Lane", "Park Ji-min", "Rose Street", "Wall-E", "Al Pacino 2", "Via 7", "Plac", "St Peter", "1st Place", "7 Dwarfs", "24/7", "Ninja 100%",
	"Wayne", "Nicole", "Schooner", "Schulz", "Cole", "Alice", "Scholastica", "Liam III", "Kool Kid", "Małpa", "Spring 5", "Sp1der", "Lucky 13", "Route 66",
	"Mia 🦊", "👩‍🚀 Mia", "Mrs. Weber", "Straub 5", "Wegner 7", "Ulla 5", "Osman 3", "No. 1", "Nr 5 lebt", "Platon", "Haakon VII", "Lee", "Mei-Ling", "阿姨", "路路", "街舞王",
}

func TestTextRefused(t *testing.T) {
	for says, texts := range refusedAs {
		for _, text := range texts {
			err := checkText("nickname", text)
			var e *proto.Error
			if !errors.As(err, &e) {
				t.Errorf("%q should be refused as %s, got %v", text, says, err)
				continue
			}
			if e.Code != proto.CodeTextRefused || !strings.Contains(e.Message, "nickname looks like it holds "+says+".") {
				t.Errorf("%q should be refused as %s, got %v", text, says, err)
			}
			require.NotContains(t, e.Message, text, "a refusal does not repeat the text")
		}
	}
}

func TestTextFine(t *testing.T) {
	for _, text := range fine {
		if err := checkText("nickname", text); err != nil {
			t.Errorf("%q should be fine, got %v", text, err)
		}
	}
}

// TestPhoneNumbersHoweverWritten: no way of putting signs between the digits of
// a number gets it through, in none of these scripts.
func TestPhoneNumbersHoweverWritten(t *testing.T) {
	zeros := []rune{'0', '٠', '०', '০', '０', '๐'}
	rapid.Check(t, func(t *rapid.T) {
		zero := rapid.SampledFrom(zeros).Draw(t, "script")
		var b strings.Builder
		b.WriteString(rapid.SampledFrom([]string{"", "Mia ", "tel. ", "+", "("}).Draw(t, "before"))
		for i := range rapid.IntRange(6, 12).Draw(t, "digits") {
			if i > 0 {
				b.WriteString(rapid.SampledFrom([]string{"", " ", "-", ".", "/", " – ", "_", "·", "📞", "\u200d", "  "}).Draw(t, "sign"))
			}
			b.WriteRune(zero + rune(rapid.IntRange(0, 9).Draw(t, "digit")))
		}
		require.Error(t, checkText("nickname", b.String()), "%q", b.String())
	})
}

// TestFewDigitsAreFine: a name of letters with up to four digits behind it is no
// number of anything.
func TestFewDigitsAreFine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom([]string{"Mia", "Leo", "Łucja", "小明", "मिया", "Zoo", "Bill", "O'Neil"}).Draw(t, "name")
		sign := rapid.SampledFrom([]string{"", " ", "_", "-"}).Draw(t, "sign")
		text := fmt.Sprint(name, sign, rapid.IntRange(0, 9999).Draw(t, "number"))
		require.NoError(t, checkText("nickname", text), "%q", text)
	})
}

// FuzzText: any text is fine or refused with one of the reasons, and the same
// text in another normal form is treated alike.
func FuzzText(f *testing.F) {
	for _, texts := range refusedAs {
		for _, text := range texts {
			f.Add(text)
		}
	}
	for _, text := range fine {
		f.Add(text)
	}
	f.Add("\xff\x00")
	f.Fuzz(func(t *testing.T, text string) {
		err := checkText("nickname", text)
		var e *proto.Error
		if err != nil && (!errors.As(err, &e) || e.Code != proto.CodeTextRefused) {
			t.Fatalf("%q: %v", text, err)
		}
		if utf8.ValidString(text) && (checkText("nickname", plainly(text)) == nil) != (err == nil) {
			t.Fatalf("%q is not treated like its plain form %q", text, plainly(text))
		}
	})
}
