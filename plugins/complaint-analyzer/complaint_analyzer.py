class ComplaintAnalyzer:
    def process(self, text):
        if "死螃蟹" in text:
            return {"action": "COMPENSATE", "template": "生鲜赔付模板"}
        return None
