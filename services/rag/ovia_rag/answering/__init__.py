"""From a plan to an answer: numbers, lists, people and passages, each statement bound to what it rests on."""
