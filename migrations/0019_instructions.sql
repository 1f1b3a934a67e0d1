-- How to pay by check and how to pay by wire are two texts, each printed with its own way (BIL-3). What was said until now goes to both.
ALTER TABLE merchant RENAME COLUMN payment_instructions TO check_instructions;
ALTER TABLE merchant ADD COLUMN wire_instructions {text};
UPDATE merchant SET wire_instructions = check_instructions WHERE check_instructions IS NOT NULL;
