package accounts

import (
	"regexp"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// What the rules of checkText look for. Patterns for plain read a text with
// its signs, in lower case and with plain digits. Patterns for words read it
// without accents, each word between single spaces: a space in a pattern is
// the edge of a word.

// patterns brings them into the form in which texts are read.
func patterns(list ...string) []*regexp.Regexp {
	all := make([]*regexp.Regexp, 0, len(list))
	for _, p := range list {
		all = append(all, regexp.MustCompile(norm.NFKC.String(p)))
	}
	return all
}

func oneOf(words string) string { return `(?:` + strings.Join(strings.Fields(words), "|") + `)` }

// E-mail addresses, written as they are or in words.
var (
	emailPlain = patterns(
		`[^\s@]@[^\s@]+\.\p{L}{2}`,
		`[\p{L}\d]\s*[(\[{<]\s*(?:at|ät|małpa|malpa|@)\s*[)\]}>]\s*[\p{L}\d]`,
	)
	emailWords = patterns(
		` (?:at|malpa|arobase|arroba|chiocciola) [\p{L}\d]+ (?:dot|kropka|punkt|point|punto|com|net|org|edu) `,
	)
	mailProviders = regexp.MustCompile(`gmail|googlemail|hotmail|protonmail|rediffmail`)
)

// Web addresses, and names of accounts with others.
var (
	handlePlain = patterns(
		`https?:|(?:^|[^\p{L}\d])www\.`,
		`(?:^|[^\p{L}\d-])[\p{L}\d-]{2,}\s?\.\s?(?:com|net|org|edu|info|app|xyz)(?:$|[^\p{L}\d])`,
		`(?:^|[^\p{L}\d-])[\p{L}\d-]{2,}\.`+oneOf(`pl de uk tw hk cn jp kr fr es nl cz sk ru ua eu io gg tv ly cc`)+`(?:$|[^\p{L}\d])`,
		`[點点](?:com|net|org|tw|cn|hk)(?:$|[^\p{L}\d])`,
		`(?:^|[^\p{L}\d])@[\p{L}\d_]{2}|[\p{L}\d._]{3}@[\p{L}\d]{2}`,
		`[\p{L}\d_]#\d{4}(?:\D|$)`,
		`(?:^|[^\p{L}\d])`+oneOf(`ig sc fb tg vx wx qq yt snap line psn xbox steam roblox twitch kik`)+`\s*[:=]\s*\S`,
		oneOf(`微信 抖音 微博 小红书 小紅書 इंस्टाग्राम व्हाट्सएप व्हाट्सऐप टेलीग्राम 인스타 카카오톡`),
	)
	handleWords = patterns(
		` `+oneOf(`instagram insta snapchat tiktok whatsapp telegram discord wechat weixin facebook viber kakaotalk douyin weibo`)+` `,
		` dot (?:com|net|org|pl|in|tw|de|uk) | kropka (?:pl|com|net|eu|org) `,
	)
)

// Digits in other clothes.
var (
	letters    = regexp.MustCompile(`[\p{L}\p{M}]+`)
	digitNames = oneOf(`
		zero one two three four five six seven eight nine
		jeden dwa trzy cztery piec szesc siedem osiem dziewiec
		null nul eins zwei drei vier fuenf funf sechs sieben acht neun
		cero uno dos tres cuatro cinco seis siete ocho nueve
		deux trois quatre cinq sept huit neuf
		shunya teen char paanch panch chhe chah saat sath aath nau ek do
		शून्य एक दो तीन चार पांच पाँच छह छः छे सात आठ नौ
		ноль нуль один два три четыре пять шесть семь восемь девять`)
	numberWord  = regexp.MustCompile(norm.NFKC.String(digitNames))
	numberWords = regexp.MustCompile(`^(?:` + norm.NFKC.String(digitNames) + `)+$`)
	hanDigits   = strings.NewReplacer(
		"〇", "0", "零", "0", "○", "0", "一", "1", "壹", "1", "幺", "1", "二", "2", "贰", "2", "貳", "2", "三", "3", "叁", "3", "參", "3",
		"四", "4", "肆", "4", "五", "5", "伍", "5", "六", "6", "陆", "6", "陸", "6", "七", "7", "柒", "7", "八", "8", "捌", "8", "九", "9", "玖", "9")
	// A word in which letters that look like digits stand between digits.
	lookAlikes = regexp.MustCompile(`[0-9oilsbz|]+`)
	flanked    = regexp.MustCompile(`[0-9][oilsbz|]+[0-9]`)
	asDigits   = strings.NewReplacer("o", "0", "i", "1", "l", "1", "|", "1", "s", "5", "b", "8", "z", "2")
	phoneWords = regexp.MustCompile(norm.NFKC.String(` ` + oneOf(`call phone tel telefon mobile sms zadzwon dzwon numer फोन मोबाइल कॉल`) + ` |电话|電話|手机|手機|打给|打給`))
)

// Streets and houses.
var (
	streetsFirst = oneOf(`rue avenue boulevard chemin impasse calle avenida avda plaza paseo carrera rua praca travessa via viale corso piazza vicolo
		jalan jl улица ул проспект переулок вулиця вул`)
	addressWords = patterns(
		` \d{1,5}[a-z]? (?:\p{L}+ ){1,3}`+oneOf(`street st road rd avenue ave lane ln drive boulevard blvd court close terrace crescent highway way mews grove gardens`)+` `,
		` \d{1,4}(?:st|nd|rd|th) `+oneOf(`street st road avenue ave lane drive boulevard blvd`)+` `,
		` (?:street|road|avenue|boulevard|highway) (?:no )?\d{1,5}[a-z]? `,
		` (?:apt|apartment|flat|suite|house no|h no|plot no|gali|gali no|makan|makan no|po box|p o box|postfach) (?:number |nr )?\d+[a-z]? `,
		` \d+[a-z]? (?:\p{L}+ ){0,3}`+oneOf(`marg nagar colony chowk vihar`)+` `,
		` `+oneOf(`ul ulica ulicy aleja aleje alei osiedle osiedlu plac placu rynek ulice namesti namestie`)+` (?:\p{L}+ ){0,4}\d+[a-z]? `,
		` \p{L}{2,}`+oneOf(`strasse str weg allee platz gasse damm ufer chaussee straat laan gracht plein dijk kade gatan vagen gata vej veien`)+` \d+[a-z]? `,
		` \p{L}+ `+oneOf(`strasse street utca sokak sokagi caddesi mahallesi`)+` (?:no )?\d+[a-z]? `,
		` \d+ (?:bis |ter )?`+oneOf(`rue avenue boulevard chemin impasse quai`)+` `,
		` `+streetsFirst+` (?:\p{L}+ ){1,4}(?:no )?\d+[a-z]? `,
		` \p{Hangul}{2,}(?:로|길) \d+ `,
	)
	addressPlain = patterns(
		`(?:^|[^\p{L}])(?:al|os|pl)\.\s*\p{L}[\p{L} .-]*\d`,
		`(?:^|[^\d-])\d{2}-\d{3}(?:$|[^\d-])`,                            // a Polish post code
		`(?:^|[^a-z0-9])[a-z]{1,2}\d[a-z\d]? ?\d[a-z]{2}(?:$|[^a-z0-9])`, // a British one
		`(?:गली|मकान|प्लॉट|फ्लैट|फ़्लैट|सेक्टर|वार्ड)\s*(?:नंबर|नं\.?|न\.?|संख्या|क्रमांक)?\s*\d+`,
		`\d+\D{0,20}(?:मार्ग|रोड|सड़क|गली|नगर|कॉलोनी|मोहल्ला|चौक)`,
		`(?:路|街|大道|胡同|段|巷|弄|邨|村).{0,8}?\d+\s?(?:號|号|巷|弄|樓|楼|室|座|栋|棟|幢)`,
		`(?:路|街|大道|胡同|段|巷|弄)\s?[0-9]{2,}`,
		`\d+\s?(?:號|号)\s?\d*\s?(?:樓|楼|室|弄)`,
		`丁目|番地`,
		`شارع.*\d`,
	)
)

// Schools, from nursery to university.
var (
	schoolPlain = patterns(
		oneOf(`小学 小學 中学 中學 大学 大學 高中 初中 國小 国小 國中`)+`(?:$|[^生])`,
		oneOf(`学校 學校 幼儿园 幼兒園 幼稚園 幼稚园 保育園 学院 學院
			विद्यालय स्कूल पाठशाला कॉलेज বিদ্যালয় பள்ளி పాఠశాల 학교 유치원 어린이집 مدرسة روضة โรงเรียน`)+``,
		`בית ?ספר`,
	)
	schoolWords = regexp.MustCompile(
		` ` + oneOf(`school schools kindergarten preschool elementary academy college university montessori
			szkola szkole szkoly szkol szkolny podstawowka podstawowki liceum gimnazjum przedszkole przedszkola technikum uniwersytet
			kita ecole lycee maternelle universite escuela colegio guarderia universidad escola creche universidade scuola liceo universita
			skolan skolen barnehage skolka gymnazium gymnazia gimnazija ovoda gimnazium scoala gradinita liceul colegiul vrtic darzelis scoil
			okul okulu lisesi sekolah училище гимназия гімназія лицеи ліцеи школы школе школу
			σχολειο γυμνασιο λυκειο νηπιαγωγειο xiaoxue zhongxue pathshala`) + ` ` +
			`| sp (?:nr )?\d{1,3} |детскии сад|дитячии садок` +
			`|` + oneOf(`schule gymnasium basisschool skola skole koulu paivakoti iskola pohikool algkool gumnaasium lasteaed mokykla
			vidyalaya vidyalay okulu школа`) + ` `)
)
