package consent

import (
	"strings"

	"kinwire/signaling/proto"
)

// letter is an e-mail in one language. %s is the link.
type letter struct{ subject, text string }

// letterIn is the e-mail that is due in a state, in a language (BCP 47) or,
// where there is none in it, in English.
func letterIn(language string, state proto.ConsentState) letter {
	base, _, _ := strings.Cut(strings.ToLower(language), "-")
	if all, ok := letterTexts[base]; ok {
		return all[state]
	}
	return letterTexts["en"][state]
}

// letterTexts are the e-mails by the first part of the language. Each language
// has all of them; a test holds them to it.
var letterTexts = map[string]map[proto.ConsentState]letter{
	"en": {
		proto.ConsentPending: {"Please confirm: consent for a child's account", `Hello,

somebody, most likely you, has asked for a child's account on Kinwire with this
e-mail address, and said to be the child's parent. To consent, open this link:

%s

Some time later we write to you once more and ask you to confirm a second time.
Only then does your consent hold.

If it was not you, do nothing: nothing about any child is kept without the
confirmation.
`},
		proto.ConsentWaiting: {"Please confirm a second time: consent for a child's account", `Hello,

a while ago you consented to a child's account on Kinwire. Two e-mails with time
between them are how we make sure that it was a parent. To confirm, open this
link:

%s

You can read again what you consent to before you confirm, and you can take your
consent back at any time, in the app, as a whole or in parts.

If it was not you, do not open the link: without it the consent does not hold,
and is dropped in a few days. Then change the password of this e-mail account,
since somebody has opened the link in our first e-mail.
`},
	},
	"pl": {
		proto.ConsentPending: {"Prosimy o potwierdzenie: zgoda na konto dziecka", `Dzień dobry,

ktoś, najpewniej Ty, poprosił o konto dziecka w Kinwire, podając ten adres
e-mail i to, że jest rodzicem. Aby wyrazić zgodę, otwórz ten link:

%s

Po pewnym czasie napiszemy jeszcze raz i poprosimy o drugie potwierdzenie.
Dopiero wtedy zgoda jest ważna.

Jeśli to nie Ty, nie rób nic: bez potwierdzenia nie przechowujemy niczego
o żadnym dziecku.
`},
		proto.ConsentWaiting: {"Prosimy o drugie potwierdzenie: zgoda na konto dziecka", `Dzień dobry,

jakiś czas temu wyrażono zgodę na konto dziecka w Kinwire. Dwa listy w pewnym
odstępie upewniają nas, że zrobił to rodzic. Aby potwierdzić, otwórz ten link:

%s

Przed potwierdzeniem możesz jeszcze raz przeczytać, na co się zgadzasz. Zgodę
możesz w każdej chwili wycofać w aplikacji, w całości lub częściowo.

Jeśli to nie Ty, nie otwieraj linku: bez niego zgoda nie jest ważna i za kilka
dni przepadnie. Zmień też hasło do tej poczty, bo ktoś otworzył link z naszego
pierwszego listu.
`},
	},
	"hi": {
		proto.ConsentPending: {"कृपया पुष्टि करें: बच्चे के खाते के लिए सहमति", `नमस्ते,

किसी ने, शायद आपने, इस ई-मेल पते से Kinwire पर एक बच्चे का खाता माँगा है और कहा है
कि वह बच्चे के माता या पिता हैं। सहमति देने के लिए यह लिंक खोलें:

%s

कुछ समय बाद हम आपको एक बार और लिखेंगे और दूसरी बार पुष्टि माँगेंगे। सहमति तभी मानी
जाएगी।

अगर यह आपने नहीं किया, तो कुछ न करें: पुष्टि के बिना किसी बच्चे के बारे में कुछ भी नहीं
रखा जाता।
`},
		proto.ConsentWaiting: {"कृपया दूसरी बार पुष्टि करें: बच्चे के खाते के लिए सहमति", `नमस्ते,

कुछ समय पहले आपने Kinwire पर एक बच्चे के खाते के लिए सहमति दी थी। बीच में समय छोड़कर
दो ई-मेल भेजने से हम पक्का करते हैं कि यह माता या पिता ही थे। पुष्टि के लिए यह लिंक खोलें:

%s

पुष्टि से पहले आप फिर पढ़ सकते हैं कि आप किस बात की सहमति दे रहे हैं। ऐप में आप अपनी
सहमति कभी भी पूरी या आंशिक रूप से वापस ले सकते हैं।

अगर यह आपने नहीं किया, तो लिंक न खोलें: उसके बिना सहमति नहीं मानी जाती और कुछ दिनों में
मिट जाती है। फिर इस ई-मेल खाते का पासवर्ड बदल दें, क्योंकि किसी ने हमारे पहले ई-मेल का लिंक
खोला है।
`},
	},
	"zh": {
		proto.ConsentPending: {"請確認：同意建立孩子的帳號", `您好：

有人（很可能是您）用這個電子郵件地址在 Kinwire 申請了孩子的帳號，並表示自己是
孩子的家長。如要同意，請開啟這個連結：

%s

過一段時間我們會再寫一次信，請您第二次確認。到那時您的同意才會生效。

如果不是您，什麼都不用做：沒有確認，我們不會保存任何孩子的資料。
`},
		proto.ConsentWaiting: {"請再確認一次：同意建立孩子的帳號", `您好：

不久前您同意在 Kinwire 建立孩子的帳號。我們隔一段時間寄兩封信，以確定這是家長
本人的決定。如要確認，請開啟這個連結：

%s

確認之前，您可以再讀一次您同意的內容。您隨時可以在應用程式裡收回全部或部分的
同意。

如果不是您，請不要開啟連結：沒有它，同意不會生效，幾天後就會刪除。並請更改這個
電子郵件帳號的密碼，因為有人開啟過我們第一封信裡的連結。
`},
	},
}
