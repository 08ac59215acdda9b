namespace vicinal {}
