package accounts

import (
	"maps"
	"slices"

	"kinwire/signaling/proto"
)

// strictest is the age where there is no rule at all, not even a default: the
// highest that the GDPR knows (Article 8(1)).
const strictest = 16

// ConsentAges is from which age people consent alone, by country, today.
func (s *Service) ConsentAges() proto.ConsentAges {
	today := s.now().UTC().Format(dateForm)
	known := map[string]bool{}
	for _, r := range s.ages {
		known[r.Country] = true
	}
	delete(known, "")
	out := proto.ConsentAges{Default: consentAge(s.ages, "", today), Countries: []proto.ConsentAge{}}
	for _, country := range slices.Sorted(maps.Keys(known)) {
		out.Countries = append(out.Countries, proto.ConsentAge{Country: country, Age: consentAge(s.ages, country, today)})
	}
	return out
}

// consentAge is the age that holds in a country on a day, by the newest of its
// rules that has begun. A country without one has the default.
func consentAge(rules []AgeRule, country, day string) int {
	age, from, found := strictest, "", false
	for _, r := range rules {
		if r.Country == country && r.From <= day && (!found || r.From >= from) {
			age, from, found = r.Age, r.From, true
		}
	}
	if !found && country != "" {
		return consentAge(rules, "", day)
	}
	return age
}
