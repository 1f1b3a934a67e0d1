-- Mails in the language of who gets them (PLT-12).

-- What a person's browser showed when they signed in last: the language of mails to who chose none.
ALTER TABLE person ADD COLUMN browser_language {text} CHECK (browser_language IN ('en', 'de'));

-- The language of mails to people whose own is not known. Null: English.
ALTER TABLE merchant_branding ADD COLUMN mail_language {text} CHECK (mail_language IN ('en', 'de'));

-- In which language a message was written. Until now all were in English.
ALTER TABLE message ADD COLUMN language {text} NOT NULL DEFAULT 'en' CHECK (language IN ('en', 'de'));
